"""What Lambda would unpack, as it was built for Lambda: 10^6 bytes, bytecode included."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.bench.sizes import Size, folder_size, sizes
from tests.layers.conftest import alone

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam/build"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("layers"),
    pytest.mark.sam,
    pytest.mark.timeout(900),
]  # everything is built first


@pytest.fixture(scope="module")
def built() -> Path:
    with alone("build"):
        subprocess.run(["make", "--no-print-directory", "build"], cwd=ROOT, check=True)
    return BUILT


def test_every_function_fits_with_its_layers(built: Path) -> None:
    found = sizes(built)
    assert {size.function for size in found} >= {"ChatFunction", "TurnsFunction", "StateFunction"}
    for size in found:
        assert size.megabytes <= size.most, size


def test_the_model_library_is_small(built: Path) -> None:
    assert folder_size(built / "LlmLayer") <= 120


def test_only_who_calls_models_carries_the_model_library(built: Path) -> None:
    assert {size.function for size in sizes(built) if "LlmLayer" in size.layers} <= {
        "ChatFunction",
        "TurnsFunction",
        "DocumentsFunction",
    }


def test_a_function_that_is_too_large_is_seen() -> None:
    assert Size("AFunction", ("WebLayer",), 61.0).most < 61
    assert Size("ChatFunction", ("WebLayer", "LlmLayer"), 251.0).most < 251
