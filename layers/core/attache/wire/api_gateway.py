"""API Gateway's events go to a web application, and its responses back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from mangum.types import LambdaContext, LambdaEvent

from attache.wire.snap_start import at_snapshots

Handler = Callable[[LambdaEvent, LambdaContext], dict[str, Any]]


def api_handler(application: Callable[[], FastAPI], renew: Callable[[], object]) -> Handler:
    """Lambda's handler of an application, which is made before a snapshot or with the first event, and kept.

    `renew` is called after each restore of a snapshot (`at_snapshots`).
    """

    @cache
    def adapter() -> Mangum:
        return Mangum(application(), lifespan="off")

    def handler(event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
        return adapter()(event, context)

    at_snapshots(adapter, renew)
    return handler
