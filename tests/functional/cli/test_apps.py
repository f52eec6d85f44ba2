"""`attache apps`, on a local stack and on a stage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.cli.conftest import Attache

pytestmark = pytest.mark.aws

MANIFEST = """
name: {name}
title: The shop
preamble: You sell things.
models: {{default: claude-sonnet, allowed: [gpt-4o]}}
tools:
  openapi: openapi.json
  server: {server}
  auth: {{header: X-Api-Key, secret: API_KEY}}
secrets:
  - {{name: API_KEY, description: The shop's key, required: true}}
  - {{name: EXTRA}}
"""
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/goods": {
            "get": {"operationId": "listGoods", "summary": "All goods", "responses": {"200": {"description": "ok"}}},
            "post": {
                "operationId": "addGoods",
                "requestBody": {"content": {"application/xml": {"schema": {"type": "string"}}}, "required": True},
                "responses": {"200": {"description": "ok"}},
            },
        }
    },
}


def described(folder: Path, name: str, server: str = "https://api.shop.example") -> str:
    place = folder / name
    place.mkdir()
    (place / "app.yaml").write_text(MANIFEST.format(name=name, server=server))
    (place / "openapi.json").write_text(json.dumps(DESCRIPTION))
    return str(place)


@pytest.mark.parametrize("command", ["deploy", "check"])
def test_a_model_that_is_not_in_the_catalogue_is_refused_before_anything_is_deployed(
    attache: Attache, tmp_path: Path, command: str
) -> None:
    folder = Path(described(tmp_path, f"modelled-{command}"))
    manifest = folder / "app.yaml"
    manifest.write_text(manifest.read_text().replace("claude-sonnet", "claude-sonet"))
    done = attache("apps", command, str(folder))
    assert done.exit_code == 1
    assert "(models.default): There is no model 'claude-sonet'; there are claude-sonnet, " in done.stderr
    assert f"modelled-{command}" not in attache("apps", "list").stdout


def test_an_app_is_deployed_with_a_report_and_what_is_still_to_do(attache: Attache, tmp_path: Path) -> None:
    done = attache("apps", "deploy", described(tmp_path, "reported"))
    assert done.exit_code == 0
    assert "listGoods" in done.stdout
    assert "Deployed reported to the local stack" in done.stderr
    assert "POST /goods is left out" in done.stderr
    assert "API_KEY is not set: attache secrets set --app reported API_KEY" in done.stderr
    assert "EXTRA" not in done.stderr


def test_what_was_set_is_not_asked_for_and_the_same_app_changes_nothing(attache: Attache, tmp_path: Path) -> None:
    folder = described(tmp_path, "prepared")
    early = attache("secrets", "set", "--app", "prepared", "API_KEY", stdin="hunter2")
    assert "there is no app prepared yet" in early.stderr
    first = json.loads(attache("apps", "deploy", folder, "--json").stdout)
    assert (first["name"], first["changed"], first["missing_secrets"]) == ("prepared", True, [])
    assert [tool["tool"] for tool in first["tools"]] == ["listGoods"]
    assert len(first["left_out"]) == 1
    assert "declares no secret OTHER" in attache("secrets", "set", "--app", "prepared", "OTHER", stdin="x").stderr
    assert "Note" not in attache("secrets", "set", "--app", "prepared", "API_KEY", stdin="hunter3").stderr
    again = json.loads(attache("apps", "deploy", folder, "--json").stdout)
    assert (again["version"], again["deployed"], again["changed"]) == (first["version"], first["deployed"], False)
    assert "just so since" in attache("apps", "deploy", folder).stderr


def test_an_app_is_listed_shown_and_deleted(attache: Attache, tmp_path: Path) -> None:
    attache("apps", "deploy", described(tmp_path, "shown"))
    attache("secrets", "set", "--app", "shown", "API_KEY", stdin="hunter2")
    assert "shown" in [app["name"] for app in json.loads(attache("apps", "list", "--json").stdout)]
    shown = attache("apps", "show", "shown").stdout
    for text in ("The shop", "claude-sonnet", "gpt-4o", "GET https://api.shop.example/goods", "API_KEY", "EXTRA"):
        assert text in shown
    secrets = json.loads(attache("apps", "show", "shown", "--json").stdout)["secrets"]
    assert [(secret["name"], secret["set"]) for secret in secrets] == [("API_KEY", True), ("EXTRA", False)]
    assert attache("apps", "delete", "shown", stdin="n\n").exit_code == 1
    assert attache("apps", "show", "shown").exit_code == 0
    assert attache("apps", "delete", "shown", stdin="y\n").exit_code == 0
    for gone in (attache("apps", "show", "shown"), attache("apps", "delete", "shown", "--yes")):
        assert (gone.exit_code, gone.stderr) == (1, "Error: There is no app 'shown'.\n")


def test_a_key_for_an_app_that_is_not_there_is_noted(attache: Attache, tmp_path: Path) -> None:
    attache("apps", "deploy", described(tmp_path, "keyed"))
    made = attache("keys", "create", "--app", "keyed", "--app", "unheard-of")
    assert made.exit_code == 0
    assert "there is no app unheard-of yet" in made.stderr
    assert "there is no app keyed" not in made.stderr


@pytest.mark.parametrize(
    ("broken", "why"),
    [("name: Not A Name", "app.yaml:"), ("- nothing", "app.yaml"), (None, "app.yaml")],
)
def test_an_app_that_is_wrong_says_where_and_is_not_deployed(
    attache: Attache, tmp_path: Path, broken: str | None, why: str
) -> None:
    place = tmp_path / "broken"
    place.mkdir()
    if broken is not None:
        (place / "app.yaml").write_text(broken)
    before = attache("apps", "list", "--json").stdout
    failed = attache("apps", "deploy", str(place))
    assert failed.exit_code == 1
    assert failed.stdout == ""
    assert why in failed.stderr
    assert attache("apps", "list", "--json").stdout == before


def test_checking_deploys_nothing(attache: Attache, tmp_path: Path) -> None:
    folder = described(tmp_path, "checked")
    checked = attache("apps", "check", folder)
    assert checked.exit_code == 0
    assert "listGoods" in checked.stdout
    assert "POST /goods is left out" in checked.stderr
    assert [tool["tool"] for tool in json.loads(attache("apps", "check", folder, "--json").stdout)["tools"]] == [
        "listGoods"
    ]
    assert attache("apps", "show", "checked").exit_code == 1


def test_a_server_on_this_machine_is_for_the_local_stack_alone(attache: Attache, tmp_path: Path, stage: str) -> None:
    folder = described(tmp_path, "loopback", "http://127.0.0.1:9999")
    assert attache("apps", "deploy", folder).exit_code == 0
    refused = attache("apps", "deploy", folder, "--stage", stage)
    assert refused.exit_code == 1
    assert "http://127.0.0.1:9999" in refused.stderr
    elsewhere = attache("apps", "deploy", folder, "--stage", stage, "--server", "https://api.shop.example")
    assert elsewhere.exit_code == 0
    assert "https://api.shop.example/goods" in attache("apps", "show", "loopback", "--stage", stage).stdout
