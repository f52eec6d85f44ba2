"""What these tests run: without it they are skipped, and where CI asks for the real thing they fail."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "here" / "build" / "template.yaml"
ADAPTER = ROOT / ".venv-adapter" / "bin" / "lambda-adapter"
REHEARSAL = ROOT / ".venv-rehearsal" / "bin" / "ministack"
EMULATOR = next(
    ROOT.glob(f".venv-sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{MACHINES[platform.machine()]}"),
    ROOT / ".venv-sam" / "aws-lambda-rie",
)
SOURCES = ("template.yaml", "functions/**/*", "layers/**/*", "infra/*.yaml")


def needed(*engines: Path) -> None:
    """Skip the test where one of these is missing, or what was built is not what is in the tree."""
    missing = [str(engine.relative_to(ROOT)) for engine in engines if not engine.exists()]
    if missing:
        _without(f"{', '.join(missing)} missing: `make engines` makes them")
    elif BUILT in engines and (newer := _newer_than_built()):
        _without(f"{newer} is newer than what was built: `make built` builds it")


def _without(reason: str) -> None:
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _newer_than_built() -> str | None:
    built = BUILT.stat().st_mtime
    for pattern in SOURCES:
        for source in ROOT.glob(pattern):
            if source.is_file() and "__pycache__" not in source.parts and source.stat().st_mtime > built:
                return str(source.relative_to(ROOT))
    return None
