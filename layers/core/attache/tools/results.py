"""An API's response as a tool's result: compact, limited, without secrets, and marked if it was cut."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from attache.tools.nesting import too_deep
from attache.tools.tool import ToolResult

MAX_TEXT = 16_000  # bytes of UTF-8 that a model reads
SECRET = "[secret]"  # noqa: S105  shown in place of a secret
MAX_DEPTH = 100
MIN_SECRET = 4  # shorter ones are not hidden: they would hide ordinary words
# items of a list or members of an object, characters of a text: the first pair that fits counts
_STEPS = ((300, 4_000), (100, 2_000), (50, 1_000), (25, 500), (12, 250), (6, 120), (3, 60), (1, 30))
_TEXT_TYPES = ("json", "text", "xml", "yaml", "javascript", "x-www-form-urlencoded", "csv")


@dataclass(frozen=True)
class HttpAnswer:
    """A response. `body` is decompressed; `cut`: it was longer than the limit, and the rest was not read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False


def result_of(answer: HttpAnswer, secrets: Collection[str] = ()) -> ToolResult:
    """The body of a 2xx; anything else as an `error` with `{status, body}` that the model can act on."""
    body, notes = _body(answer, secrets)
    if not 200 <= answer.status < 300:
        return ToolResult("error", fitted(scrubbed(_refused(answer), secrets) | {"body": body}, notes))
    if body is None:
        return ToolResult("ok", fitted(scrubbed(_empty(answer), secrets)))
    if isinstance(body, str) and not notes and _size(body) <= MAX_TEXT:
        return ToolResult("ok", _sendable(body))
    text = fitted(body, notes)
    whole = compact(body) if not isinstance(body, str) else _sendable(body)
    return ToolResult("ok", text, whole=whole if _size(whole) > MAX_TEXT else None)


def _refused(answer: HttpAnswer) -> dict[str, Any]:
    refused: dict[str, Any] = {"status": answer.status}
    if wait := answer.headers.get("retry-after"):
        refused["retry_after"] = wait[:100]
    if 300 <= answer.status < 400:
        refused["note"] = "This is a redirect, which is not followed here."
    return refused


def _empty(answer: HttpAnswer) -> dict[str, Any]:
    location = answer.headers.get("location")
    return {"status": answer.status} | ({"location": location[:1_000]} if location else {})


def scrubbed(value: Any, secrets: Collection[str]) -> Any:
    """The value without these secrets in any of its strings, in either case and however they are escaped."""
    forms = {form for secret in secrets if len(secret) >= MIN_SECRET for form in _forms(secret)}
    if not forms:
        return value
    longest_first = sorted(forms, key=len, reverse=True)
    return _replaced(value, re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE))


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as JSON, URLs, forms, HTML and basic authentication write it."""
    escaped = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    written = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret)}
    return {secret, *written, *escaped, b64encode(secret.encode()).decode()}


def fitted(value: Any, notes: Sequence[str] = ()) -> str:
    """The value as compact JSON in at most 16 KB; as `{"result", "note"}` if it was shortened."""
    text = compact({"result": value, "note": " ".join(notes)} if notes else value)
    if _size(text) <= MAX_TEXT:
        return text
    for items, characters in _STEPS:
        cuts: list[str] = []
        short = _shortened(value, items, characters, "", cuts)
        text = compact({"result": short, "note": " ".join([*notes, _cuts_said(cuts)])})
        if _size(text) <= MAX_TEXT:
            return text
    excerpt = compact(value).encode()[: MAX_TEXT // 4].decode(errors="ignore")
    return compact({"result": excerpt, "note": " ".join([*notes, "This is the beginning of a far longer answer."])})


def _body(answer: HttpAnswer, secrets: Collection[str]) -> tuple[Any, list[str]]:
    """The body as JSON data, as text or as a description of what it is; None if there is none."""
    if not answer.body:
        return None, []
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    notes = [f"Only the first {len(answer.body):,} bytes of the answer were read; ask for less."] if answer.cut else []
    text = _text(answer, kind)
    if text is None:
        return {"content_type": kind or "unknown", "bytes": len(answer.body)}, [
            *notes,
            "This is no text; it is not shown.",
        ]
    try:
        data = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return scrubbed(text, secrets), notes
    return scrubbed(text if too_deep(data, MAX_DEPTH) else data, secrets), notes


def _text(answer: HttpAnswer, kind: str) -> str | None:
    """The body as text; None if it is binary."""
    charset = re.search(r"charset=\"?([\w.:-]+)", answer.headers.get("content-type", ""), re.IGNORECASE)
    said_text = any(word in kind for word in _TEXT_TYPES)
    if kind and not said_text and kind != "application/octet-stream":
        return None
    try:
        text = answer.body.decode(charset[1] if charset else "utf-8", errors="replace" if said_text else "strict")
    except (LookupError, ValueError):
        return answer.body.decode("utf-8", errors="replace") if said_text else None
    return None if "\x00" in text and not said_text else text


def _replaced(value: Any, forms: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return forms.sub(SECRET, value)
    if isinstance(value, list):
        return [_replaced(each, forms) for each in value]
    if isinstance(value, dict):
        return {forms.sub(SECRET, key): _replaced(each, forms) for key, each in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool) and forms.search(str(value)):
        return SECRET
    return value


def _shortened(value: Any, items: int, characters: int, path: str, cuts: list[str]) -> Any:
    where = path or "the result"
    if isinstance(value, str) and len(value) > characters:
        cuts.append(f"{where}: {characters} of {len(value):,} characters")
        return value[:characters] + "…"
    if isinstance(value, list):
        if len(value) > items:
            cuts.append(f"{where}: the first {items} of {len(value):,} items")
        return [_shortened(each, items, characters, f"{path}[{n}]", cuts) for n, each in enumerate(value[:items])]
    if isinstance(value, dict):
        if len(value) > items:
            cuts.append(f"{where}: the first {items} of {len(value):,} members")
        pairs = list(value.items())[:items]
        return {
            key[:characters]: _shortened(each, items, characters, f"{path}.{key[:40]}".lstrip("."), cuts)
            for key, each in pairs
        }
    return value


def _cuts_said(cuts: Sequence[str]) -> str:
    said = "; ".join(cuts[:5]) + (f"; and {len(cuts) - 5} more cuts" if len(cuts) > 5 else "")
    return f"Shortened: {said}. Ask for less, or for a part."


def compact(value: Any) -> str:
    """The value as JSON without spaces."""
    return _sendable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _sendable(text: str) -> str:
    """Halves of surrogate pairs, which some servers send, become question marks."""
    return text.encode(errors="replace").decode()


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
