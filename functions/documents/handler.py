"""The documents function's handler: SQS's events to the documents worker."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

import attache.documents.ingest  # noqa: F401  now, and not while somebody waits for the first document
from attache.telemetry.about import noted
from attache.wire.snap_start import at_snapshots
from attache.wire.sqs_batch import each_message
from attache.wiring import services
from functions.documents.jobs import do_document_job


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    wired = services()
    with noted(request=context.aws_request_id):
        answer = each_message(
            event,
            lambda body, tries: do_document_job(wired, body, tries),
            wired.documents_queue.again,
            partial(wired.meter.queued, "documents"),
        )
    wired.meter.flush()
    return answer


at_snapshots(lambda: services().load_models(), lambda: services().aws.forget())
