"""Any selection of the service's routes as one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from attache.errors import AttacheError, Unavailable
from attache.wire.boundary import Boundary, Settle, route_path
from attache.wire.refusals import Refusal, refusal

METHODS = ("GET", "POST", "PATCH", "DELETE")

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
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _wrong_method(request)
    words = f"There is no endpoint {request.url.path}." if error.status_code == HTTPStatus.NOT_FOUND else error.detail
    return _json(Refusal(error.status_code, {"error": words}, error.headers or {}))


def _wrong_method(request: Request) -> Response:
    """405 with all that the path takes; the first of its routes, which refused, knows its own method only."""
    taken = ", ".join(method for method in METHODS if _takes(request, method))
    words = f"{request.url.path} does not take {request.method}, only {taken}."
    return _json(Refusal(HTTPStatus.METHOD_NOT_ALLOWED, {"error": words}, {"allow": taken}))


def _takes(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def _json(answer: Refusal) -> JSONResponse:
    return JSONResponse(answer.body, answer.status, dict(answer.headers))
