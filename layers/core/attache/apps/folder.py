"""Reading an app's folder: its manifest, and the descriptions that it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from attache.apps.document_files import DocumentFiles, read_documents
from attache.apps.manifest import ApiTools, Manifest
from attache.apps.manifest_reading import as_written, read_manifest
from attache.apps.openapi.document import Document, read_document
from attache.apps.problems import CannotDeploy, Problem
from attache.apps.source import MAX_BYTES, TOO_LARGE, Source, read_source

MANIFEST = "app.yaml"
MISSPELT = "app.yml"
Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class Described:
    """An app as described: `documents` are its APIs' descriptions, in the order of the manifest's `tools`.

    `files` are the documents that it searches, None if there is no folder of them.
    """

    source: Source
    manifest: Manifest
    documents: tuple[Document, ...]
    files: DocumentFiles | None = None

    def served_by(self, server: str) -> Described:
        """The same app with all its requests sent to another server, such as a test server."""
        tools = tuple(each.model_copy(update={"server": server}) for each in self.manifest.tools)
        return replace(self, manifest=self.manifest.model_copy(update={"tools": tools}))


def read_folder(folder: Path, fetch: Fetch) -> Described:
    """Read an app. `fetch` gets a description by its URL. Raises CannotDeploy with every problem."""
    _check_folder(folder)
    source = read_source(MANIFEST, _content(folder / MANIFEST, MANIFEST))
    manifest = read_manifest(source)
    problems: list[Problem] = []
    documents: list[Document] = []
    for number, tools in enumerate(manifest.tools):
        place = source.place(as_written(source, ["tools", number, "openapi"]))
        try:
            documents.append(_document(folder, tools, place, fetch))
        except CannotDeploy as error:
            problems += error.problems
    files = _files(folder, source, manifest, problems)
    if problems:
        raise CannotDeploy(problems)
    return Described(source, manifest, tuple(documents), files)


def _check_folder(folder: Path) -> None:
    """Raises CannotDeploy if this is no folder with a manifest."""
    if folder.is_file():
        raise CannotDeploy.at(str(folder), f"This is a file; give the folder that {MANIFEST} is in: {folder.parent}")
    if not folder.is_dir():
        raise CannotDeploy.at(str(folder), "There is no such folder.")
    if not (folder / MANIFEST).is_file():
        hint = f" Rename {MISSPELT}." if (folder / MISSPELT).is_file() else ""
        message = f"There is no {MANIFEST} in this folder; it is where an app is described.{hint}"
        raise CannotDeploy.at(str(folder), message)


def _files(folder: Path, source: Source, manifest: Manifest, problems: list[Problem]) -> DocumentFiles | None:
    if not isinstance(manifest.documents, str):
        return None
    try:
        return read_documents(folder, manifest.documents, source.place(["documents"]))
    except CannotDeploy as error:
        problems += error.problems
        return None


def _document(folder: Path, tools: ApiTools, place: str, fetch: Fetch) -> Document:
    name = tools.openapi
    if name.startswith(("http://", "https://")):
        return read_document(read_source(name, fetch(name)), name)
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise CannotDeploy.at(place, f"{name!r} is outside of the app's folder; copy it in.")
    if not path.is_file():
        raise CannotDeploy.at(place, f"There is no file {name!r} in the app's folder.")
    return read_document(read_source(name, _content(path, name)))


def _content(path: Path, name: str) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise CannotDeploy.at(name, TOO_LARGE)
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotDeploy.at(name, f"This file cannot be read: {error.strerror}.") from None
