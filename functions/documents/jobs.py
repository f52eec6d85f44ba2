"""The documents queue: S3's events, and sweeps that the worker has asked for itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, ValidationError

from attache.documents.kinds import place_of
from attache.documents.sweeping import Sweep
from attache.telemetry.about import noted
from attache.wire.deliveries import MOST_TRIES, GivenUp, NotOurs

if TYPE_CHECKING:
    from attache.wiring import Services

GIVEN_UP = "This document could not be indexed; the log of the documents function says why. Put it again to try again."

log = logging.getLogger(__name__)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class _Object(_Part):
    key: str


class _S3(_Part):
    object: _Object


class _Record(_Part):
    s3: _S3


class _Event(_Part):
    """S3's own message. What happened is not read: what is there now is."""

    Records: list[_Record]


class _Test(_Part):
    """What S3 sends when it is told of the queue."""

    Event: str


async def do_document_job(services: Services, body: str, tries: int = 1) -> None:
    """Do what a message asks for, which has come `tries` times. Whatever it raises, the message has failed.

    Raises NotOurs and GivenUp where it is to be set aside, anything else where it should come again.
    """
    job = _parsed(body)
    if isinstance(job, Sweep):
        await services.ingest.sweep(job.app, job.path, job.before)
    elif isinstance(job, _Event):
        for record in job.Records:
            await _changed(services, unquote_plus(record.s3.object.key), tries)


async def _changed(services: Services, key: str, tries: int) -> None:
    place = place_of(key)
    if place is None:
        log.info("an object of the documents bucket is no document of an app")
        return
    app, path = place
    with noted(app=app):
        try:
            await services.ingest.changed(app, path, last_try=tries >= MOST_TRIES)
        except Exception as error:
            if tries < MOST_TRIES:
                raise
            await services.ingest.give_up(app, path, GIVEN_UP)
            raise GivenUp("A document could not be indexed, and its record says so.") from error


def _parsed(body: str) -> Sweep | _Event | _Test:
    for kind in (Sweep, _Event, _Test):
        try:
            return kind.model_validate_json(body)
        except ValidationError:
            continue
    raise NotOurs("This is no event of S3, and no job of ours.")
