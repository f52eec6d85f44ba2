"""`dev.json`: what scripts and the command line need to find a running stack. It exists while the stack is ready."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class DevFile:
    """The file, and beside it the app key, which outlives the stack; only their owner can read them."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "dev.json"
        self._key = directory / "app-key"

    def write(self, content: Mapping[str, Any]) -> None:
        _write(self._file, json.dumps(content, indent=2) + "\n")

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)

    def remember(self, app_key: str) -> None:
        _write(self._key, app_key)

    def remembered(self) -> str | None:
        """The app key of an earlier start, or None."""
        return self._key.read_text().strip() if self._key.exists() else None


def _write(path: Path, text: str) -> None:
    """Write atomically, readable by the owner only."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
