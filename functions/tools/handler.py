"""The tools function's handler: SQS events to the tool worker."""

from __future__ import annotations

from functools import partial

import attache.turns.app_toolsets  # imported at start, not with the first request
import attache.turns.tool_worker  # noqa: F401
from attache.wire.queue_handler import QueueWork, queue_handler
from attache.wire.snap_start import at_snapshots
from attache.wiring import services
from functions.tools.jobs import do_tool_job


def _work(_deadline: int) -> QueueWork:
    wired = services()
    return QueueWork("tool-calls", partial(do_tool_job, wired), wired.tool_calls_queue.again, wired.meter)


handler = queue_handler(_work)
at_snapshots(services, lambda: services().aws.forget())
