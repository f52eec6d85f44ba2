"""The description as it is committed, and as the routes of the functions make it."""

from __future__ import annotations

import json
from pathlib import Path

from attache.aws import Aws
from attache.settings import Settings
from attache.wire.health import health_routes
from attache.wire.web_app import web_app
from attache.wiring import wire
from attache_openapi.document import document, endpoints
from attache_openapi.parameters import Json
from functions.chat.routes import routes as chat_routes
from functions.control.routes import routes as control_routes
from functions.interrupt.routes import routes as interrupt_routes
from functions.sessions.routes import routes as sessions_routes
from functions.state.routes import routes as state_routes
from functions.updates.routes import routes as updates_routes

INFRA = Path(__file__).resolve().parents[1]
CURRENT = INFRA / "openapi.json"
RELEASED = INFRA / "openapi.released.json"
FUNCTIONS = (chat_routes, state_routes, sessions_routes, control_routes, interrupt_routes, updates_routes)
NOWHERE = Settings(
    sessions_table="-", registry_table="-", data_bucket="-", secrets_key="-", turns_queue_url="-"
)  # routes are made, and nothing is called


def described() -> Json:
    """The document, from the routes of every function."""
    services = wire(NOWHERE, Aws(), {})
    return document(endpoints(web_app([*(routes(services) for routes in FUNCTIONS), health_routes()])))


def text_of(described: Json) -> str:
    """A document as it is committed."""
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"
