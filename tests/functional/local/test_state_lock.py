"""One stack a folder, and a folder that cannot hold one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attache_local.errors import LocalStackError
from attache_local.state_lock import held


def test_a_folder_holds_one_stack_at_a_time(tmp_path: Path) -> None:
    lock, running = tmp_path / "state" / "lock", rf"another local stack runs on .*state \(process {os.getpid()}\)"
    with held(lock), pytest.raises(LocalStackError, match=running), held(lock):
        pass
    with held(lock):
        pass


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    said = r"state cannot be written \(.+\): it must be a folder of yours"
    with pytest.raises(LocalStackError, match=said), held(tmp_path / "state" / "lock"):
        pass
