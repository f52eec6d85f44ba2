"""What a layer's build leaves out, and what it says where it cannot compile."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "layers/third_party/build_layer.py"
RULES = """
[[web]]
out = ["big/**"]
keep = ["big/needed.py", "big/deep/*.py"]
why = "a test"
"""


@pytest.fixture
def build_layer(tmp_path: Path) -> ModuleType:
    """The program, with a list of what is left out beside it."""
    copy = tmp_path / "build_layer.py"
    copy.write_text(PROGRAM.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "left_out.toml").write_text(RULES, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("build_layer", copy)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    root = tmp_path / "python"
    for name in ("big/needed.py", "big/not.py", "big/deep/also.py", "big/deep/data/a.json", "small/all.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("answer = 42\n", encoding="utf-8")
    return root


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_what_is_left_out_goes_but_for_what_is_kept(build_layer: ModuleType, installed: Path) -> None:
    assert build_layer.leave_out("web", installed) == 2 * len("answer = 42\n")
    assert files(installed) == {"big/needed.py", "big/deep/also.py", "small/all.py"}
    assert not (installed / "big/deep/data").exists()


@pytest.mark.parametrize("gone", ["big/needed.py", "big/deep/also.py"])
def test_a_rule_that_matches_nothing_any_more_stops_the_build(
    build_layer: ModuleType, installed: Path, gone: str
) -> None:
    (installed / gone).unlink()
    with pytest.raises(build_layer.CannotBuild, match="there is no such file"):
        build_layer.leave_out("web", installed)


def test_bytecode_holds_whatever_the_time_of_its_source(build_layer: ModuleType, installed: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert "compiled by" in build_layer.compiled(installed, version, {"LAMBDA_PYTHON_BIN": sys.executable})
    (installed / "small/all.py").write_text("answer = 'compiled anew'\n", encoding="utf-8")
    program = [sys.executable, "-c", "import small.all; print(small.all.answer)"]
    assert subprocess.run(program, cwd=installed, capture_output=True, text=True, check=True).stdout == "42\n"


@pytest.mark.parametrize("interpreter", [sys.executable, "/no/such/python"])
def test_a_build_without_that_python_says_so(build_layer: ModuleType, installed: Path, interpreter: str) -> None:
    assert "NOT compiled" in build_layer.compiled(installed, "2.6", {"LAMBDA_PYTHON_BIN": interpreter})
    assert not any(name.endswith(".pyc") for name in files(installed))
