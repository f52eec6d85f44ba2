"""The control function's handler: API Gateway's events to the routes, and their responses back."""

from __future__ import annotations

from fastapi import FastAPI

import attache.models.catalogue  # noqa: F401 - imported at start, not with the first request
from attache.wire.api_gateway import api_handler
from attache.wire.web_app import web_app
from attache.wiring import services
from functions.control.routes import routes


def application() -> FastAPI:
    """The control routes."""
    wired = services()
    return web_app([routes(wired)], wired.keys.settle)


handler = api_handler(application, lambda: services().aws.forget())
