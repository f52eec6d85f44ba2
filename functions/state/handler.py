"""The state function's handler: API Gateway's events to the routes, and their responses back."""

from __future__ import annotations

from fastapi import FastAPI

import attache.turns.system_messages  # noqa: F401 - imported at start, not with the first request
from attache.wire.api_gateway import api_handler
from attache.wire.health import health_routes
from attache.wire.web_app import web_app
from attache.wiring import services
from functions.state.routes import routes


def application() -> FastAPI:
    """The state routes, and `/health`."""
    wired = services()
    return web_app([routes(wired), health_routes()], wired.keys.settle)


handler = api_handler(application, lambda: services().aws.forget())
