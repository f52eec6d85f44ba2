"""What of a new description would break a client of an older one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def breaking(old: Json, new: Json) -> list[str]:
    """Each thing that a client may rely on by `old` and not by `new`, in words; new things break nobody."""
    return sorted(set(_paths(_Document(old), _Document(new))))


class _Document:
    """A description whose references are followed."""

    def __init__(self, document: Json) -> None:
        self.document = document

    def operations(self) -> dict[str, Json]:
        paths = self.document.get("paths", {})
        return {f"{m.upper()} {p}": each[m] for p, each in paths.items() for m in METHODS if m in each}

    def meant(self, part: Json) -> Json:
        """What a part of the document says, by itself or by a reference into it."""
        while "$ref" in part:
            *_, kind, name = str(part["$ref"]).split("/")
            part = self.document["components"][kind][name]
        return part


def _paths(old: _Document, new: _Document) -> Iterator[str]:
    now = new.operations()
    for name, before in old.operations().items():
        if name not in now:
            yield f"{name} is gone"
            continue
        for said in (*_parameters(before, now[name]), *_bodies(old, new, before, now[name])):
            yield f"{name}: {said}"
        for said in _answers(old, new, before, now[name]):
            yield f"{name}: {said}"


def _parameters(before: Json, now: Json) -> Iterator[str]:
    known = {(each["in"], each["name"]): each for each in before.get("parameters", ())}
    taken = {(each["in"], each["name"]): each for each in now.get("parameters", ())}
    for place, name in known.keys() - taken.keys():
        yield f"the {place} parameter {name} is no longer taken"
    for (place, name), parameter in taken.items():
        was = known.get((place, name))
        if parameter.get("required") and not (was and was.get("required")):
            yield f"the {place} parameter {name} is required now"
        for value in set(was["schema"].get("enum", ())) - set(parameter["schema"].get("enum", ())) if was else ():
            yield f"the {place} parameter {name} no longer takes {value!r}"


def _bodies(old: _Document, new: _Document, before: Json, now: Json) -> Iterator[str]:
    """What a client sends must still be taken: the other way round than what it reads."""
    was, taken = before.get("requestBody"), now.get("requestBody")
    if taken is None and was is not None:
        yield "the body is no longer taken"
    elif taken is not None:
        if taken.get("required") and not (was and was.get("required")):
            yield "a body is required now"
        if was is not None:
            old_schema, new_schema = _schema_of(old, was), _schema_of(new, taken)
            for name in old_schema.get("properties", {}).keys() - new_schema.get("properties", {}).keys():
                yield f"the body's {name} is no longer taken"
            for name in set(new_schema.get("required", ())) - set(old_schema.get("required", ())):
                yield f"the body's {name} is required now"


def _answers(old: _Document, new: _Document, before: Json, now: Json) -> Iterator[str]:
    for status, answer in before["responses"].items():
        if status not in now["responses"]:
            if status.startswith("2"):
                yield f"the answer {status} is gone"
            continue
        given = new.meant(now["responses"][status]).get("content", {})
        for kind, content in old.meant(answer).get("content", {}).items():
            if kind not in given:
                yield f"the answer {status} is no longer {kind}"
                continue
            for key in ("schema", "x-event-schema"):
                if key in content:
                    place = f"the answer {status}" if key == "schema" else "an event"
                    yield from _reading(old, new, content[key], given[kind].get(key, {}), place, ())


def _reading(
    old: _Document, new: _Document, before: Json, now: Json, place: str, seen: tuple[str, ...]
) -> Iterator[str]:
    """What a client reads must still be there, of the same type."""
    if str(before.get("$ref")) in seen:
        return
    seen = (*seen, str(before["$ref"])) if "$ref" in before else seen
    before, now = old.meant(before), new.meant(now)
    for key in ("type", "const"):
        if key in before and before[key] != now.get(key):
            yield f"{place} is no longer of {key} {before[key]}"
            return
    for value in set(now.get("enum", ())) - set(before.get("enum", ())) if "enum" in before else ():
        yield f"{place} may be {value!r} now"
    for name, schema in before.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{place} has no {name} any more"
            continue
        if name in before.get("required", ()) and name not in now.get("required", ()):
            yield f"{place} does not always have {name} any more"
        yield from _reading(old, new, schema, now["properties"][name], f"{place}.{name}", seen)
    if "items" in before:
        yield from _reading(old, new, before["items"], now.get("items", {}), f"{place}[]", seen)
    yield from _alternatives(old, new, before, now, place, seen)


def _alternatives(
    old: _Document, new: _Document, before: Json, now: Json, place: str, seen: tuple[str, ...]
) -> Iterator[str]:
    """Each form of old is compared with the new one of its kind; another form, where there were some, is a surprise."""
    were, are = before.get("anyOf", ()), now.get("anyOf", ())
    for was in were:
        match = next((each for each in are if _kind(old, was) == _kind(new, each)), None)
        if match is None:
            yield f"{place} has lost a form: {_kind(old, was)}"
        else:
            yield from _reading(old, new, was, match, place, seen)


def _kind(document: _Document, schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    items = schema.get("items")
    return f"array of {_kind(document, items)}" if items else str(schema.get("type", "anything"))


def _schema_of(document: _Document, body: Json) -> Json:
    found: Json = body["content"]["application/json"]["schema"]
    return document.meant(found)
