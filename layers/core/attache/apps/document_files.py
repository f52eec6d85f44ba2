"""The documents in an app's folder: which files they are, and what is wrong with them; none is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from attache.apps.problems import CannotDeploy, Problem
from attache.documents.kinds import BESIDE, MAX_BYTES, MAX_DOCUMENTS, MAX_PATH, READABLE, kind_of


@dataclass(frozen=True)
class DocumentFiles:
    """Documents by their path below the folder, with `/`. `left_out` are files beside them that are no documents."""

    files: Mapping[str, Path] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def read_documents(folder: Path, name: str, place: str) -> DocumentFiles:
    """The documents in the folder `name` of an app's folder. Raises CannotDeploy with all problems."""
    root = folder / name
    if not root.resolve().is_relative_to(folder.resolve()):
        raise CannotDeploy.at(place, f"{name!r} is outside of the app's folder; copy it in.")
    if not root.is_dir():
        raise CannotDeploy.at(place, f"There is no folder {name!r} here.")
    found = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if _counts(path, root)}
    left_out = tuple(path for path, file in found.items() if file.suffix.lower() in BESIDE)
    files = {path: file for path, file in found.items() if path not in left_out}
    problems = [problem for path, file in files.items() for problem in _problems(folder, path, file)]
    problems += _of_all(files, name, place)
    if problems:
        raise CannotDeploy(problems)
    return DocumentFiles(files, left_out)


def _counts(path: Path, root: Path) -> bool:
    """Files; what is hidden (`.DS_Store`, `.git`) is no part of what is described."""
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return path.is_file() and not hidden


def _problems(folder: Path, path: str, file: Path) -> Iterator[Problem]:
    place = file.relative_to(folder).as_posix().encode(errors="backslashreplace").decode()
    if place != file.relative_to(folder).as_posix():
        yield Problem(place, "This name is not UTF-8; rename the file.")
    elif not file.resolve().is_relative_to(folder.resolve()):
        yield Problem(place, "This is a link to a file outside of the app's folder; copy it in.")
    elif kind_of(path) is None:
        yield Problem(place, f"This is no document: {READABLE}. Take it out, or save it as one of these.")
    elif file.stat().st_size > MAX_BYTES:
        yield Problem(place, f"This file has {file.stat().st_size:,} bytes; {MAX_BYTES:,} at most are read. Divide it.")
    elif file.stat().st_size == 0:
        yield Problem(place, "This file is empty.")
    if len(path.encode(errors="replace")) > MAX_PATH:
        yield Problem(place, f"This path is too long: {MAX_PATH} bytes at most.")


def _of_all(files: Mapping[str, Path], name: str, place: str) -> Iterator[Problem]:
    if not files:
        yield Problem(place, f"There is no document in {name!r}: {READABLE}.")
    if len(files) > MAX_DOCUMENTS:
        yield Problem(place, f"These are {len(files):,} documents; an app has {MAX_DOCUMENTS:,} at most.")
