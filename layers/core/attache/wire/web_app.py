"""Any selection of the service's routes as one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from attache.errors import AttacheError, Unavailable
from attache.wire.boundary import Boundary, Settle, route_path
from attache.wire.refusals import Refusal, refusal

log = logging.getLogger(__name__)


def web_app(routers: Iterable[APIRouter], settle: Settle | None = None) -> FastAPI:
    """The routers behind one boundary; every error is answered as the contract says.

    `settle` is awaited before the last byte of each response (`Keys.settle`).
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Boundary, settle=settle)
    app.add_exception_handler(AttacheError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _no_endpoint)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    answer = refusal(error) if isinstance(error, AttacheError) else None
    if answer is None:
        raise error
    if isinstance(error, Unavailable):
        log.warning("%s %s: %s", request.method, route_path(request.scope), error.message, exc_info=error.__cause__)
    return _json(answer)


async def _invalid(_: Request, error: Exception) -> Response:
    places = error.errors() if isinstance(error, RequestValidationError) else []
    words = "; ".join(f"{place['loc'][-1]}: {place['msg']}" for place in places)
    return _json(Refusal(400, {"error": f"The request is not valid. {words}"}))


async def _no_endpoint(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {
        404: f"There is no endpoint {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    message = words.get(error.status_code, error.detail)
    return _json(Refusal(error.status_code, {"error": message}, error.headers or {}))


def _json(answer: Refusal) -> JSONResponse:
    return JSONResponse(answer.body, answer.status, dict(answer.headers))
