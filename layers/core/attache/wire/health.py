"""`GET /health`: a function is up, and its version. It depends on nothing else."""

from __future__ import annotations

from fastapi import APIRouter

from attache import __version__


def health_routes() -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    return router
