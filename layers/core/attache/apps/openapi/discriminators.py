"""Discriminators: which value of one property means which of several forms (3.1, 4.8.25), written into the forms.

Without that, a model cannot know the value, and forms that differ in nothing else would all fit at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FORMS = ("oneOf", "anyOf")


def tell_forms_apart(read: dict[str, Any], described: Mapping[str, Any]) -> None:
    """Give each form in `read` the values that its discriminator has in `described`, which OpenAPI wrote."""
    discriminator = described.get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, Mapping) else None
    if not isinstance(discriminator, Mapping) or not isinstance(name, str):
        return
    for word in FORMS:
        forms = zip(read.get(word, ()), described.get(word, ()), strict=True)
        for form, written in forms:
            _restrict(form, name, _values(written, discriminator.get("mapping")))


def _values(form: Any, mapping: Any) -> list[str]:
    """The values for a form: those that are mapped to it, else its schema's name; none for one that has no name."""
    reference = form.get("$ref") if isinstance(form, Mapping) else None
    if not isinstance(reference, str):
        return []
    names = (reference, reference.rpartition("/")[2])
    mapped = (
        [str(value) for value, target in mapping.items() if target in names] if isinstance(mapping, Mapping) else []
    )
    return mapped or [names[1]]


def _restrict(form: dict[str, Any], name: str, values: Sequence[str]) -> None:
    """Let the property have these values only. What the form itself says of them is truer, and stays."""
    for said in _choices(form, name):
        values = [value for value in values if value in said]
    if values:
        properties = form.setdefault("properties", {})
        properties[name] = {**properties.get(name, {}), "enum": list(values)}


def _choices(form: Mapping[str, Any], name: str) -> Iterator[Sequence[Any]]:
    """Each list of values that the form, or a part of it, allows for the property."""
    described = form.get("properties", {}).get(name, {})
    if "const" in described:
        yield [described["const"]]
    if isinstance(described.get("enum"), list):
        yield described["enum"]
    for part in form.get("allOf", ()):
        yield from _choices(part, name)
