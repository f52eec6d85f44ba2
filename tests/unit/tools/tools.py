"""Compiled tools for tests."""

from __future__ import annotations

from typing import Any

from attache.tools.http_tool import Binding, HttpTool

SERVER = "https://api.example.com/v1"


def binding(argument: str, place: Any = "query", **more: Any) -> Binding:
    style = "form" if place == "query" else "simple"
    return Binding(
        **{"argument": argument, "place": place, "name": argument, "style": style, "explode": place == "query"} | more
    )


def http_tool(*bindings: Binding, **more: Any) -> HttpTool:
    values: dict[str, Any] = {
        "name": "call",
        "description": "Calls.",
        "parameters": {"type": "object", "properties": {each.argument: {} for each in bindings}},
        "method": "GET",
        "server": SERVER,
        "path": "/things",
        "bindings": bindings,
        "safe": True,
    }
    return HttpTool(**values | more)
