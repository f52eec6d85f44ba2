"""SnapStart behind the Lambda Web Adapter, which calls a route before the snapshot and one after each return from it.

The adapter lets nobody else call them, and API Gateway has no way to them:
https://github.com/aws/aws-lambda-web-adapter/blob/main/docs/guide/src/features/snapstart.md
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from attache.wire.snap_start import restored

BEFORE = "/snapshot/before"  # AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH
AFTER = "/snapshot/after"  # AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH


def snapshot_routes(before: Callable[[], object], after: Callable[[], object]) -> APIRouter:
    """Each may take a minute; where one fails, so does the snapshot, or the return from it."""
    router = APIRouter()

    @router.post(BEFORE)
    def before_snapshot() -> dict[str, str]:
        before()
        return {"status": "ok"}

    @router.post(AFTER)
    def after_restore() -> dict[str, str]:
        restored(after)
        return {"status": "ok"}

    return router
