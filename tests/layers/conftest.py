"""Layers built for the Python that runs the tests."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = ROOT / "layers/third_party"
KEPT = ROOT / ".aws-sam/tests"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One process at a time: tests run side by side."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def layers() -> list[Path]:
    """The folders of all layers, for this machine; built once for what the sources say."""
    return [_layer(path.stem) for path in sorted(THIRD_PARTY.glob("*.txt"))]


def _layer(name: str) -> Path:
    sources = sorted(path for path in THIRD_PARTY.iterdir() if path.is_file())
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources) + PYTHON.encode()).hexdigest()[:16]
    folder, done = KEPT / name / state, KEPT / name / state / ".done"
    with alone(name):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(
                [
                    sys.executable,
                    THIRD_PARTY / "build_layer.py",
                    name,
                    folder,
                    "--arch",
                    platform.machine(),
                    "--python",
                    PYTHON,
                ],
                env={**os.environ, "LAMBDA_PYTHON_BIN": sys.executable},
                check=True,
            )
            done.touch()
    return folder
