"""`app.yaml`: what it may say, and errors that name the line and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attache.apps.folder import read_folder
from attache.apps.manifest import Manifest
from attache.apps.manifest_reading import read_manifest
from attache.apps.problems import CannotDeploy
from attache.apps.source import read_source
from tests.unit.apps.descriptions import description
from tests.unit.apps.folders import MANIFEST, built, no_network, with_tools, write_app

DESIGN = """\
name: mycoindex
title: MyCoinDex
preamble: |
  You are the MyCoinDex trading assistant...
models: {default: claude-sonnet, allowed: [claude-sonnet, claude-haiku, gpt-4o, gpt-4o-mini, "openrouter/*"]}
tools:
  openapi: openapi.yaml            # a file or a URL
  server: https://api.mycoindex.example
  auth: {header: X-Api-Key, secret: API_KEY}
  expose:
    - {operation: "GET /prices/{symbol}", name: GetTokenPrice}
    - {operation: POST /trades, name: ExecuteTrade}
    - GET /markets
secrets: [{name: API_KEY, description: Vendor API key, required: true}]
documents: docs/
"""


def read(text: str) -> Manifest:
    return read_manifest(read_source("app.yaml", text.encode()))


def test_the_design_s_example_is_read() -> None:
    manifest = read(DESIGN)
    [tools] = manifest.tools
    assert manifest.models.choice.allows("openrouter/any/thing")
    assert tools.auth is not None
    assert tools.auth.tool_auth(True).name == "X-Api-Key"
    assert [each.operation for each in tools.expose] == ["GET /prices/{symbol}", "POST /trades", "GET /markets"]
    assert manifest.documents == "docs/"


def test_several_apis_are_a_list() -> None:
    assert len(read("name: a\nmodels: {default: m}\ntools:\n  - openapi: a.yaml\n  - openapi: b.yaml\n").tools) == 2


@pytest.mark.parametrize(
    ("auth", "name", "prefix"),
    [
        ("{bearer: true, secret: S}", "Authorization", "Bearer "),
        ("{query: key, secret: S}", "key", ""),
        ("{header: Authorization, prefix: 'Token ', secret: S}", "Authorization", "Token "),
    ],
)
def test_a_secret_is_sent_in_one_of_three_ways(auth: str, name: str, prefix: str) -> None:
    [tools] = read(
        f"name: a\nmodels: {{default: m}}\nsecrets: [{{name: S}}]\ntools: {{openapi: f, auth: {auth}}}"
    ).tools
    assert tools.auth is not None
    sent = tools.auth.tool_auth(True)
    assert (sent.name, sent.prefix) == (name, prefix)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name: mycoindex", "name: My Coin"), "app.yaml:1 (name): 'My Coin' does not fit: lower-case letters"),
        (("name: mycoindex", "name: default"), "app.yaml:1 (name): 'default' is the app that comes with the program"),
        (("title:", "titel:"), "app.yaml:2 (titel): The key 'titel' is not known here. Did you mean 'title'?"),
        (("models: {default: claude-sonnet, ", "models: {"), "app.yaml:5 (models.default): `default` is missing."),
        (("  openapi: openapi.yaml ", "  #"), "app.yaml:6 (tools.openapi): `openapi` is missing."),
        (
            ("expose:", "exposes:"),
            "app.yaml:10 (tools.exposes): The key 'exposes' is not known here. Did you mean 'expose'?",
        ),
        (("name: ExecuteTrade", "nmae: X"), "app.yaml:12 (tools.expose.1.nmae): The key 'nmae' is not known here."),
        (
            ("name: ExecuteTrade", "name: Execute Trade"),
            "app.yaml:12 (tools.expose.1.name): 'Execute Trade' does not fit",
        ),
        (("{header: X-Api-Key, ", "{header: 'X: y', "), "app.yaml:9 (tools.auth.header): 'X: y' does not fit"),
        (("{header: X-Api-Key, ", "{"), "app.yaml:9 (tools.auth): Say one of `header: NAME`"),
        (
            ("secret: API_KEY", "secret: API_KY"),
            "There is no secret 'API_KY' under `secrets:`. Did you mean 'API_KEY'?",
        ),
        (("required: true", "required: perhaps"), "app.yaml:14 (secrets.0.required): "),
        (("documents: docs/", "max_steps: 0"), "app.yaml:15 (max_steps): "),
        (
            ("documents: docs/", "documents: [docs]"),
            "app.yaml:15 (documents): Say the name of a folder beside app.yaml",
        ),
        (("title: MyCoinDex", "title: 2024"), "app.yaml:2 (title): This must be text; put it in quotes (it is 2024)."),
        (("name: mycoindex", "name:"), "app.yaml:1 (name): Nothing is said here; say something, or leave"),
        (
            (
                '{default: claude-sonnet, allowed: [claude-sonnet, claude-haiku, gpt-4o, gpt-4o-mini, "openrouter/*"]}',
                "x",
            ),
            "app.yaml:5 (models): There must be keys and values here: default, allowed, fallback, title (it is 'x').",
        ),
        (
            ("[{name: API_KEY, description: Vendor API key, required: true}]", "API_KEY"),
            "app.yaml:14 (secrets): This must be a list: each entry with name, description, required on a line",
        ),
        (
            ("[{name: API_KEY, description: Vendor API key, required: true}]", "[API_KEY]"),
            "app.yaml:14 (secrets.0): There must be keys and values here: name, description, required",
        ),
        (("name: ExecuteTrade", "later: true"), "The key 'later' is not known here. There is: async,"),
        (
            ("default: claude-sonnet", "default: 'openrouter/*'"),
            "app.yaml:5 (models.default): 'openrouter/*' is a pattern",
        ),
        (("documents: docs/", "max_steps: 5\nmax_steps: 6"), "app.yaml:16: The key 'max_steps' is there twice."),
        (
            ("allowed: [claude-sonnet,", "fallback: other, allowed: [claude-sonnet,"),
            "The fallback 'other' is not among",
        ),
    ],
)
def test_an_error_names_the_line_and_what_to_do(change: tuple[str, str], words: str) -> None:
    assert change[0] in DESIGN
    with pytest.raises(CannotDeploy) as caught:
        read(DESIGN.replace(*change))
    assert words in caught.value.message


def test_all_errors_come_at_once() -> None:
    with pytest.raises(CannotDeploy) as caught:
        read("name: A B\nmodel: {}\ntools: 7\n")
    assert [problem.place.partition(" ")[0] for problem in caught.value.problems] == ["app.yaml:1"] * 2 + [
        "app.yaml:3",
        "app.yaml:2",
    ]


def test_a_value_that_fits_none_of_several_types_is_one_error() -> None:
    with pytest.raises(CannotDeploy) as caught:
        read("name: a\nmodels: {default: m}\ndocuments: false\n")
    assert len(caught.value.problems) == 1


def test_a_manifest_is_keys_and_values() -> None:
    with pytest.raises(CannotDeploy, match="described by keys and values"):
        read("- a")


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (with_tools(openapi="nothing.yaml"), "app.yaml:5 (tools.openapi): There is no file 'nothing.yaml'"),
        (with_tools(openapi="../secret.yaml"), "is outside of the app's folder"),
        (with_tools(openapi="link.yaml"), "is outside of the app's folder"),
        (with_tools(openapi="https://example.com/openapi.json"), "cannot be fetched"),
        ({**MANIFEST, "documents": "docs"}, "There is no folder 'docs'"),
    ],
)
def test_what_the_folder_does_not_hold_is_an_error(tmp_path: Path, manifest: dict[str, Any], words: str) -> None:
    (tmp_path / "secret.yaml").write_text("openapi: 3.1.0")
    folder = write_app(tmp_path / "app", manifest, description({"/x": {"get": {}}}))
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(CannotDeploy) as caught:
        built(folder, manifest)
    assert words in caught.value.message


def test_a_folder_without_a_manifest_says_so(tmp_path: Path) -> None:
    (tmp_path / "app.yml").write_text("name: a")
    with pytest.raises(CannotDeploy, match=r"There is no app\.yaml .* Rename app\.yml\."):
        read_folder(tmp_path, no_network)
    with pytest.raises(CannotDeploy, match=r"This is a file; give the folder"):
        read_folder(tmp_path / "app.yml", no_network)
    (tmp_path / "app.yml").unlink()
    with pytest.raises(CannotDeploy, match="no such folder"):
        read_folder(tmp_path / "missing", no_network)
    with pytest.raises(CannotDeploy, match=r"There is no app\.yaml"):
        read_folder(tmp_path, no_network)
