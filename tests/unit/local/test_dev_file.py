"""What scripts find is whole, private, and there only while the stack is."""

from __future__ import annotations

import json
from pathlib import Path

from attache_local.dev_file import DevFile


def test_the_file_is_private_and_goes_while_the_key_stays(tmp_path: Path) -> None:
    file = DevFile(tmp_path)
    assert file.remembered() is None
    file.remember("sk-1")
    file.write({"url": "http://127.0.0.1:8000"})
    assert json.loads((tmp_path / "dev.json").read_text()) == {"url": "http://127.0.0.1:8000"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    file.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["app-key"]
    assert file.remembered() == "sk-1"


def test_writing_again_replaces(tmp_path: Path) -> None:
    file = DevFile(tmp_path)
    for number in (1, 2):
        file.write({"number": number})
    assert json.loads((tmp_path / "dev.json").read_text()) == {"number": 2}
