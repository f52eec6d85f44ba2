"""The turns function's handler: SQS events to the turn worker."""

from __future__ import annotations

import attache.turns.app_toolsets  # imported at start, not with the first request
import attache.turns.worker  # noqa: F401
from attache.wire.queue_handler import QueueWork, queue_handler
from attache.wire.snap_start import at_snapshots
from attache.wiring import services
from functions.turns.jobs import do_job


def _work(deadline: int) -> QueueWork:
    wired = services()
    return QueueWork(
        "turns", lambda body, tries: do_job(wired, body, tries, deadline), wired.turns_queue.again, wired.meter
    )


handler = queue_handler(_work)
at_snapshots(lambda: services().load_models(), lambda: services().aws.forget())
