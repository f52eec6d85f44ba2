"""What a function unpacks to: its own code and its layers, as they were built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.built.template import BuiltFunction, BuiltTemplate

LAMBDA_TAKES = 250  # megabytes, of everything that is unpacked
WITHOUT_MODELS = 60
ADAPTER = 5.0  # AWS's layer with the Lambda Web Adapter, which is not built here


@dataclass(frozen=True)
class Size:
    """A function with its layers: megabytes of 10^6 bytes, unpacked."""

    function: str
    layers: tuple[str, ...]
    megabytes: float

    @property
    def most(self) -> int:
        """What it may have."""
        return LAMBDA_TAKES if "LlmLayer" in self.layers else WITHOUT_MODELS


def sizes(built: Path) -> list[Size]:
    """Every function of the template that was built into this folder."""
    return [_size(function) for function in BuiltTemplate(built).functions().values()]


def _size(function: BuiltFunction) -> Size:
    folders = (function.task, *function.layers)
    total = sum(map(folder_size, folders)) + (ADAPTER if function.adapted else 0)
    return Size(function.name, tuple(layer.name for layer in function.layers), total)


def folder_size(folder: Path) -> float:
    """Megabytes of all files below it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
