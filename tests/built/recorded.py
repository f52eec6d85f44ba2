"""Events as AWS sends them, with what a test wants to say put into them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

EVENTS = Path(__file__).parent / "events"
Json = Any  # events are JSON, of no fixed shape


def rest_request(method: str, target: str, headers: Mapping[str, str], body: Json = None) -> Json:
    """What API Gateway makes of a request; `target` is path and query, `body` what is sent as JSON."""
    event = json.loads((EVENTS / "api_gateway.json").read_text())
    path, query = urlsplit(target).path, parse_qsl(urlsplit(target).query, keep_blank_values=True)
    event |= {"path": path, "resource": path, "httpMethod": method}
    event["requestContext"] |= {"path": f"/dev{path}", "resourcePath": path, "httpMethod": method}
    event["headers"] |= headers
    event["multiValueHeaders"] |= {name: [value] for name, value in headers.items()}
    if query:
        event["queryStringParameters"] = dict(query)
        event["multiValueQueryStringParameters"] = {
            name: [value for each, value in query if each == name] for name, _ in query
        }
    if body is not None:
        event["body"] = json.dumps(body)
        event["headers"]["Content-Type"] = "application/json"
        event["multiValueHeaders"]["Content-Type"] = ["application/json"]
    return event


def queue_messages(*bodies: str) -> Json:
    """What SQS hands to a function: each message with an id of its own, `m-0` and so on."""
    return {"Records": [_message(place, body) for place, body in enumerate(bodies)]}


def object_changed(key: str, name: str) -> str:
    """What S3 tells a queue of an object; `name` is what happened, as `ObjectCreated:Put`."""
    event = json.loads((EVENTS / "s3.json").read_text())
    event["Records"][0]["eventName"] = name
    event["Records"][0]["s3"]["object"]["key"] = quote_plus(key, safe="/")
    return json.dumps(event)


def _message(place: int, body: str) -> Json:
    record = json.loads((EVENTS / "sqs.json").read_text())
    now = str(int(time.time() * 1000))
    record["attributes"] |= {"SentTimestamp": now, "ApproximateFirstReceiveTimestamp": now}
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    return record | {"messageId": f"m-{place}", "body": body, "md5OfBody": digest}
