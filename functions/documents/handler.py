"""The documents function's handler: SQS's events to the documents worker."""

from __future__ import annotations

from functools import partial

import attache.documents.ingest  # noqa: F401  now, and not while somebody waits for the first document
from attache.wire.queue_handler import QueueWork, queue_handler
from attache.wire.snap_start import at_snapshots
from attache.wiring import services
from functions.documents.jobs import do_document_job


def _work(_deadline: int) -> QueueWork:
    wired = services()
    return QueueWork("documents", partial(do_document_job, wired), wired.documents_queue.again, wired.meter)


handler = queue_handler(_work)
at_snapshots(lambda: services().load_models(), lambda: services().aws.forget())
