"""The sessions function's handler: API Gateway's events to the routes, and their responses back."""

from __future__ import annotations

from functools import cache
from typing import Any

from mangum import Mangum
from mangum.types import LambdaContext, LambdaEvent

from attache.wire.snap_start import at_snapshots
from attache.wire.web_app import web_app
from attache.wiring import services
from functions.sessions.routes import routes


def handler(event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
    """Lambda's handler."""
    return _adapter()(event, context)


@cache
def _adapter() -> Mangum:
    wired = services()
    return Mangum(web_app([routes(wired)], wired.keys.settle), lifespan="off")


at_snapshots(_adapter, lambda: services().aws.forget())
