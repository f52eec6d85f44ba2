"""Build one layer of third-party code: wheels for Lambda, without what is never used of them, compiled to bytecode.

`python build_layer.py web DIR` installs what `web.txt` pins into DIR, from any machine: nothing is compiled but Python.
Only the standard library and pip are used; `sam build` runs this from a copy of its folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
LIBC = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class CannotBuild(Exception):
    """The layer cannot be built as it is described; the message says what to look at."""


def main() -> None:
    asked = _arguments().parse_args()
    install(asked.layer, asked.into, asked.arch, asked.python)
    saved = leave_out(asked.layer, asked.into)
    print(f"{asked.layer}: left out {saved / 1e6:.0f} MB that is never used")
    print(f"{asked.layer}: {compiled(asked.into, asked.python, os.environ)}")
    print(f"{asked.layer}: {size(asked.into) / 1e6:.0f} MB")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", help="web, llm, wallet or documents: the name of its list of requirements")
    parser.add_argument("into", type=Path, help="the folder that becomes /opt/python")
    parser.add_argument("--arch", default="aarch64", help="the processor, as wheels call it")
    parser.add_argument("--python", default="3.13", help="the Python that will import it")
    return parser


# ---- install


def install(layer: str, into: Path, arch: str, python: str) -> None:
    """Put the layer's wheels into a folder. Raises CalledProcessError where one is not as pinned."""
    platforms = [argument for libc in LIBC for argument in ("--platform", f"{libc}_{arch}")]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps",
         "--only-binary=:all:", *platforms, "--python-version", python, "--implementation", "cp",
         "--require-hashes", "-r", HERE / f"{layer}.txt", "--target", into],
        check=True,
    )  # fmt: skip


# ---- leave out


def leave_out(layer: str, root: Path) -> int:
    """Remove what `left_out.toml` names from an installed layer. Returns how many bytes that were."""
    rules = tomllib.loads((HERE / "left_out.toml").read_text(encoding="utf-8")).get(layer, [])
    before = size(root)
    for rule in rules:
        for path in _removed(root, rule["out"], rule.get("keep", [])):
            path.unlink()
    _remove_empty_folders(root)
    return before - size(root)


def _removed(root: Path, out: Sequence[str], keep: Sequence[str]) -> set[Path]:
    return _files(root, out) - _files(root, keep)


def _files(root: Path, patterns: Sequence[str]) -> set[Path]:
    found: set[Path] = set()
    for pattern in patterns:
        # Python 3.11 and 3.12 take `**` at the end for folders alone
        files = {path for path in root.glob(f"{pattern}/*" if pattern.endswith("**") else pattern) if path.is_file()}
        if not files:
            raise CannotBuild(f"left_out.toml says {pattern}, and there is no such file: see where it went")
        found |= files
    return found


def _remove_empty_folders(root: Path) -> None:
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


# ---- compile


def compiled(root: Path, python: str, environ: Mapping[str, str]) -> str:
    """Compile to bytecode, where an interpreter of that version is at hand. Returns what was done, in words."""
    interpreter = environ.get("LAMBDA_PYTHON_BIN") or f"python{python}"
    if not _is_version(interpreter, python):
        return f"NOT compiled, since {interpreter} is no Python {python}: the first start of each container is slower"
    # never checked against the source's time, which packaging does not keep
    subprocess.run(
        [interpreter, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash",
         "-s", root, "-p", "/opt/python", root],
        check=True,
    )  # fmt: skip
    return f"compiled by {interpreter}"


def _is_version(interpreter: str, python: str) -> bool:
    try:
        ran = subprocess.run([interpreter, "-c", VERSION], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return ran.returncode == 0 and ran.stdout.strip() == python


def size(root: Path) -> int:
    """Bytes of all files below a folder, as Lambda counts them."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


if __name__ == "__main__":
    try:
        main()
    except (CannotBuild, subprocess.CalledProcessError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
