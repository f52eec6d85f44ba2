"""Which apps and models there are, in both forms, and the choice of a model."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.service import Running
from tests.contract.shapes import Complete, stream

DEFAULT_MODELS = ["claude-sonnet", "claude-haiku", "gpt-4o", "gpt-4o-mini"]
SHOP_MODELS = ["gpt-4o-mini", "gpt-4o"]
SHOP_SECRETS = [{"name": "API_KEY", "description": "Vendor API key", "required": True}]


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


def test_models_of_the_default_app(http: httpx.Client) -> None:
    assert http.get("/api/control/models").json() == DEFAULT_MODELS
    listed = http.get("/api/session/models").json()
    assert set(listed) == {"models"}
    assert [model["id"] for model in listed["models"]] == DEFAULT_MODELS
    assert all(set(model) == {"id", "name", "provider"} for model in listed["models"])


def test_models_of_an_app_are_for_its_key_and_its_sessions(http: httpx.Client, running: Running) -> None:
    begun, key = session(), {"AOMI-APP-KEY": running.keys.shop}
    assert http.get("/api/control/models?app=shop", headers=key).json() == SHOP_MODELS
    assert http.get("/api/control/models?app=shop").status_code == 401
    assert http.get("/api/control/models?app=shop", headers=begun).status_code == 401
    http.post("/api/control/model?app=shop&rig=gpt-4o", headers={**begun, **key})
    assert http.get("/api/control/models", headers=begun).json() == SHOP_MODELS
    assert http.get("/api/control/models?app=shop", headers=begun).json() == SHOP_MODELS


@pytest.mark.parametrize(
    ("header", "whose", "query", "listed"),
    [
        (None, None, "", [{"name": "default"}]),
        (None, None, "?format=names", ["default"]),
        ("AOMI-APP-KEY", "shop", "", [{"name": "shop", "secrets": SHOP_SECRETS}, {"name": "default"}]),
        ("AOMI-APP-KEY", "shop", "?format=names", ["shop", "default"]),
        ("X-API-Key", "shop", "", ["shop", "default"]),
        ("X-API-Key", "other", "", ["other", "default"]),
        ("AOMI-APP-KEY", "other", "", [{"name": "other"}, {"name": "default"}]),
    ],
)
def test_apps_in_the_form_of_the_dialect(
    http: httpx.Client, running: Running, header: str | None, whose: str, query: str, listed: list[object]
) -> None:
    headers = {} if header is None else {header: str(getattr(running.keys, whose))}
    assert http.get(f"/api/control/apps{query}", headers=headers).json() == listed


@pytest.mark.parametrize("header", ["AOMI-APP-KEY", "X-API-Key"])
def test_apps_with_their_titles(http: httpx.Client, running: Running, header: str) -> None:
    apps = http.get("/api/session/apps", headers={header: running.keys.shop}).json()
    assert apps == {
        "apps": [{"id": "shop", "name": "The shop"}, {"id": "default", "name": "General assistant"}],
    }


@pytest.mark.parametrize("place", ["query", "body", "query model"])
def test_a_model_is_chosen_for_the_next_turn_and_those_after(http: httpx.Client, place: str) -> None:
    headers = session()
    places: dict[str, dict[str, Any]] = {
        "query": {"params": {"rig": "gpt-4o"}},
        "body": {"json": {"model": "gpt-4o"}},
        "query model": {"params": {"model": "gpt-4o"}},
    }
    chosen = http.post("/api/control/model", headers=headers, **places[place])
    assert chosen.json() == {
        "success": True,
        "rig": "gpt-4o",
        "model": "gpt-4o",
        "baml": "openai/gpt-4o",
        "created": True,
    }
    again = http.post("/api/control/model", headers=headers, **places[place])
    assert again.json()["created"] is False
    for _ in range(2):
        last = stream(http.post("/api/chat", headers=headers, json={"text": "hi"}))[-1].event
        assert isinstance(last, Complete)
        assert last.usage is not None
        assert last.usage.model == "gpt-4o"


def test_a_chosen_model_is_known_to_every_container(http: httpx.Client, running: Running) -> None:
    headers = {**session(), "AOMI-APP-KEY": running.keys.shop}
    http.post("/api/control/model?app=shop&rig=openrouter/meta/llama", headers=headers)
    with httpx.Client(base_url=running.without_default, trust_env=False, timeout=30) as another:
        last = stream(another.post("/api/chat?app=shop", headers=headers, json={"text": "hi"}))[-1].event
    assert isinstance(last, Complete)
    assert last.usage is not None
    assert last.usage.model == "openrouter/meta/llama"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/api/control/restart", 404), ("GET", "/api/control", 404), ("GET", "/api/control/model", 405)],
)
def test_there_is_no_other_action(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


@pytest.mark.parametrize(
    ("model", "status"),
    [("openrouter/anything/at-all", 200), ("gpt-4o-mini", 200), ("claude-opus", 400), ("openrouter/*", 400)],
)
def test_an_app_says_which_models_it_allows(http: httpx.Client, running: Running, model: str, status: int) -> None:
    headers = {**session(), "AOMI-APP-KEY": running.keys.shop}
    answer = http.post("/api/control/model", params={"app": "shop", "rig": model}, headers=headers)
    assert answer.status_code == status
    if status == 400:
        assert model in answer.json()["error"]
