"""The updates function's ASGI application, for uvicorn: `run.sh` starts it."""

from __future__ import annotations

from fastapi import FastAPI

from attache.wire.health import health_routes
from attache.wire.web_adapter_snapshots import snapshot_routes
from attache.wire.web_app import web_app
from attache.wiring import services
from functions.updates.routes import routes


def application() -> FastAPI:
    """The updates route, and `/health` for the Lambda Web Adapter's readiness check."""
    wired = services()
    snapshots = snapshot_routes(lambda: None, wired.aws.forget)  # all that it needs is there
    return web_app([routes(wired), health_routes(), snapshots], wired.keys.settle)
