"""The documents in an app's folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attache.apps import document_files
from attache.apps.document_files import read_documents
from attache.apps.problems import CannotDeploy
from tests.unit.apps.folders import built

APP = {"name": "shop", "models": {"default": "claude-sonnet"}}


def write(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_documents_are_named_by_their_path_and_pictures_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, docs__fees_md=b"x", docs__help__faq_html=b"x", docs__help__logo_png=b"x", docs___hidden=b"x")
    found = read_documents(tmp_path, "docs/", "app.yaml:1")
    assert list(found.files) == ["fees.md", "help/faq.html"]
    assert found.left_out == ("help/logo.png",)


def test_every_problem_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_files, "MAX_BYTES", 10)
    write(tmp_path, docs__a_docx=b"x", docs__b_md=b"", docs__c_md=b"x" * 11)
    (tmp_path / "docs" / "d.md").symlink_to("/etc/hostname")
    with pytest.raises(CannotDeploy) as raised:
        read_documents(tmp_path, "docs", "app.yaml:1")
    said = str(raised.value).splitlines()
    for number, (place, words) in enumerate(
        [("docs/a.docx", "no document"), ("docs/b.md", "empty"), ("docs/c.md", "10 at most"), ("docs/d.md", "link")]
    ):
        assert said[number].startswith(f"{place}: ")
        assert words in said[number]


def test_a_name_that_is_no_text_is_refused_by_what_can_be_shown_of_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / os.fsdecode(b"caf\xe9.md")).write_bytes(b"x")
    with pytest.raises(CannotDeploy) as raised:
        read_documents(tmp_path, "docs", "app.yaml:1")
    assert str(raised.value).encode().startswith(b"docs/caf\\udce9.md: This name is not UTF-8")


@pytest.mark.parametrize(("name", "why"), [("docs", "no folder"), ("..", "outside"), ("empty", "no document")])
def test_the_folder_must_be_there_within_and_have_documents(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "app" / "empty").mkdir(parents=True)
    with pytest.raises(CannotDeploy) as raised:
        read_documents(tmp_path / "app", name, "app.yaml:1 (documents)")
    assert str(raised.value).startswith("app.yaml:1 (documents): ")
    assert why in str(raised.value)


def test_an_app_with_documents_has_a_tool_to_search_them(tmp_path: Path) -> None:
    write(tmp_path, docs__fees_md=b"x")
    app, report = built(tmp_path, {**APP, "documents": "docs/"})
    assert app.documents is not None
    assert app.documents.name == "search_documents"
    assert [taken.tool for taken in report.taken] == ["search_documents"]
    assert app.documents.spec.safe
    assert built(tmp_path / "other", APP)[0].documents is None


def test_documents_that_somebody_else_puts_need_no_folder(tmp_path: Path) -> None:
    assert built(tmp_path, {**APP, "documents": True})[0].documents is not None


def test_an_operators_own_tool_of_that_name_keeps_it(tmp_path: Path) -> None:
    own = {"name": "search_documents", "request": "transaction", "description": "Mine."}
    app, _ = built(tmp_path, {**APP, "documents": True, "wallet": [own]})
    assert app.documents is not None
    assert app.documents.name.startswith("search_documents_")
    assert app.documents == built(tmp_path / "again", {**APP, "documents": True, "wallet": [own]})[0].documents
