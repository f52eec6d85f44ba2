"""The updates function's application, for uvicorn: `run.sh` starts it."""

from __future__ import annotations

from fastapi import FastAPI

from attache.wire.health import health_routes
from attache.wire.web_app import web_app
from attache.wiring import services
from functions.updates.routes import routes


def application() -> FastAPI:
    """The updates route, and `/health` for the Lambda Web Adapter to see that it is up."""
    wired = services()
    return web_app([routes(wired), health_routes()], wired.keys.settle)
