"""The updates function's application, for uvicorn: `run.sh` starts it. It has no route of its own yet."""

from __future__ import annotations

from fastapi import FastAPI

from attache.wire.health import health_routes
from attache.wire.web_app import web_app


def application() -> FastAPI:
    """`/health` for the Lambda Web Adapter; everything else is no endpoint."""
    return web_app([health_routes()])
