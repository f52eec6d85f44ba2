"""AWS that fails at one call: refused, broken, or done and the answer lost. The HTTP exchange fails, below boto3.

All attempts that boto3 makes at that call fail alike.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from attache.aws import Aws

Fault = Literal[
    "throttled", "failed", "failed when done", "unreachable", "reset", "reset when done", "timed out when done",
    "conflict", "cancelled by conflict", "cancelled by throttling",
]  # fmt: skip
ANYWHERE: tuple[Fault, ...] = (
    "throttled", "failed", "failed when done", "unreachable", "reset", "reset when done", "timed out when done"
)  # fmt: skip
READS = ("query", "get_item", "get_object")

_here = threading.local()
_wire = URLLib3Session()


def faults_of(call: str) -> tuple[Fault, ...]:
    """What may befall a call; whether a read was done makes no difference."""
    match call.split()[1]:
        case "put_item" | "update_item":
            return (*ANYWHERE, "conflict")
        case "transact_write_items":
            return (*ANYWHERE, "cancelled by conflict", "cancelled by throttling")
        case operation if operation in READS:
            return ("throttled", "failed", "reset")
    return ANYWHERE


def break_calls_of(aws: Aws) -> None:
    """Let the calls of a `FaultyAws` over this one fail, where that says so."""
    for service in ("dynamodb", "sqs", "s3"):
        aws.client(service).meta.events.register("before-send", _on_send)


class FaultyAws(Aws):
    """The clients of `shared`; the call named `at` fails, as in `dynamodb put_item 2`. `made` names all calls."""

    def __init__(self, shared: Aws, at: str | None = None, fault: Fault = "failed") -> None:
        super().__init__(shared.access)
        self._shared = shared
        self._at = at
        self._fault = fault
        self._numbering = threading.Lock()
        self._times: Counter[str] = Counter()
        self.made: list[str] = []

    def client(self, service: str) -> Any:
        return self._shared.client(service)

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        _here.fault = self._fault if self._name(f"{service} {operation}") == self._at else None
        try:
            return super()._call(service, operation, parameters)
        finally:
            _here.fault = None

    def _name(self, what: str) -> str:
        with self._numbering:
            self._times[what] += 1
            self.made.append(f"{what} {self._times[what]}")
            return self.made[-1]


def _on_send(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
    """botocore's hook: what it returns is the answer, and nothing is sent."""
    fault: Fault | None = getattr(_here, "fault", None)
    if fault is None:
        return None
    if fault.endswith("when done"):
        _wire.send(request)
    match fault:
        case "unreachable":
            raise ConnectTimeoutError(endpoint_url=request.url)
        case "reset" | "reset when done":
            raise ConnectionClosedError(endpoint_url=request.url)
        case "timed out when done":
            raise ReadTimeoutError(endpoint_url=request.url)
    return _refusal(request, fault)


def _refusal(request: AWSPreparedRequest, fault: Fault) -> AWSResponse:
    target = request.headers.get("X-Amz-Target")
    if target is None:  # S3
        code, status = ("SlowDown", 503) if fault == "throttled" else ("InternalError", 500)
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
        return _answer(request, status, body.encode(), "application/xml")
    return _answer(request, 500 if fault.startswith("failed") else 400, _words(request, fault), "application/json")


def _words(request: AWSPreparedRequest, fault: Fault) -> bytes:
    code = {"throttled": "ThrottlingException", "conflict": "TransactionConflictException"}.get(fault)
    if fault.startswith("cancelled"):
        reason = "TransactionConflict" if fault == "cancelled by conflict" else "ThrottlingError"
        others = len(json.loads(request.body)["TransactItems"]) - 1
        reasons = [{"Code": reason, "Message": "no"}, *[{"Code": "None"}] * others]
        said = {"__type": "TransactionCanceledException", "CancellationReasons": reasons, "message": "no"}
        return json.dumps(said).encode()
    return json.dumps({"__type": code or "InternalServerError", "message": "no"}).encode()


def _answer(request: AWSPreparedRequest, status: int, body: bytes, kind: str) -> AWSResponse:
    return AWSResponse(request.url, status, {"Content-Type": kind}, _Raw(body))


class _Raw:
    """As much of urllib3's response as botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body
