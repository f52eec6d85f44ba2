"""A pytest plugin: what stands in the layers is imported from there, and from nowhere else.

`ATTACHE_LAYERS` names their folders. What a layer left out cannot be imported, although the environment has it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

THIRD_PARTY = Path(__file__).resolve().parents[2] / "layers/third_party"


class OnlyLayers:
    """Finds what the layers' requirements name in their folders. Tools of the tests are not its affair."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders
        pinned = {name for path in THIRD_PARTY.glob("*.txt") for name in _pinned(path)}
        self._names = {
            name for name, owners in packages_distributions().items() if {_plain(owner) for owner in owners} <= pinned
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or name not in self._names:
            return None
        found = PathFinder.find_spec(name, list(self._folders), target)
        if found is None:
            raise ModuleNotFoundError(f"{name} is in no layer", name=name)
        return found


def _pinned(path: Path) -> set[str]:
    return {
        _plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def pytest_report_header() -> str:
    return f"layers: {os.environ['ATTACHE_LAYERS']}"


sys.meta_path.insert(0, OnlyLayers(os.environ["ATTACHE_LAYERS"].split(os.pathsep)))
