"""Sorting botocore's errors: what may work in a moment becomes Unavailable, the rest stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from attache.errors import Unavailable

# "Error handling with DynamoDB" and KMS's API reference: these come with status 400; 429 and 5xx need no name.
# The last three are what single actions of a transaction were cancelled for
MAY_WORK_LATER = {
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "Throttling",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
}


@contextmanager
def unavailable(what: str) -> Iterator[None]:
    """Raises Unavailable("<what> does not answer...") for timeouts, throttling and failures of AWS."""
    try:
        yield
    except (HTTPClientError, NoConnection) as error:
        raise _unavailable(what) from error
    except ClientError as error:
        if not _may_work_later(error):
            raise
        raise _unavailable(what) from error


def condition_failed(error: ClientError) -> bool:
    """Whether DynamoDB refused a write, or a transaction, because of one of our conditions."""
    return "ConditionalCheckFailedException" in _codes(error) or "ConditionalCheckFailed" in _codes(error)


def no_such_object(error: ClientError) -> bool:
    """Whether S3 has no such object. It says AccessDenied to callers that may not list, as our functions."""
    return code_of(error) in ("NoSuchKey", "AccessDenied")


def code_of(error: ClientError) -> str:
    """The code of an error, e.g. `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _may_work_later(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    transient = not MAY_WORK_LATER.isdisjoint(_codes(error)) and not condition_failed(error)
    return transient or status == 429 or status >= 500


def _codes(error: ClientError) -> set[str]:
    reasons = error.response.get("CancellationReasons", [])
    return {code_of(error), *(str(reason.get("Code")) for reason in reasons)}


def _unavailable(what: str) -> Unavailable:
    return Unavailable(f"{what} does not answer; try again in a moment.")
