"""Apps on disk for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from attache.apps.app import App
from attache.apps.deploy import build
from attache.apps.problems import CannotDeploy, Report

MANIFEST: dict[str, Any] = {
    "name": "shop",
    "models": {"default": "claude-sonnet"},
    "tools": {"openapi": "openapi.yaml"},
}


def write_app(folder: Path, manifest: dict[str, Any] | str, description: Any = None) -> Path:
    folder.mkdir(exist_ok=True)
    text = manifest if isinstance(manifest, str) else yaml.safe_dump(manifest, sort_keys=False)
    (folder / "app.yaml").write_text(text)
    if description is not None:
        text = description if isinstance(description, str) else yaml.safe_dump(description, sort_keys=False)
        (folder / "openapi.yaml").write_text(text)
    return folder


def no_network(url: str) -> bytes:
    raise CannotDeploy.at(url, "This cannot be fetched.")


def built(folder: Path, manifest: dict[str, Any] | str, description: Any = None, **options: Any) -> tuple[App, Report]:
    built = build(write_app(folder, manifest, description), no_network, **options)
    return built.app, built.report


def with_tools(**tools: Any) -> dict[str, Any]:
    return {**MANIFEST, "tools": {"openapi": "openapi.yaml", **tools}}
