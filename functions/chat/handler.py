"""The chat function's ASGI application, for uvicorn: `run.sh` starts it."""

from __future__ import annotations

from fastapi import FastAPI

import attache.turns.app_toolsets  # noqa: F401 - imported at start, not with the first request
from attache.wire.health import health_routes
from attache.wire.web_adapter_snapshots import snapshot_routes
from attache.wire.web_app import web_app
from attache.wiring import services
from functions.chat.routes import routes


def application() -> FastAPI:
    """The chat route, and `/health` for the Lambda Web Adapter's readiness check."""
    wired = services()
    snapshots = snapshot_routes(wired.load_models, wired.aws.forget)
    return web_app([routes(wired), health_routes(), snapshots], wired.keys.settle)
