"""Forms that a discriminator tells apart: the model is told its values, and the right form alone fits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attache.apps.openapi.schemas import SchemaReader
from attache.tools.arguments import check_arguments
from tests.unit.apps.descriptions import one

PET = {"type": "object", "required": ["petType"], "properties": {"petType": {"type": "string"}}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def forms(mapping: Any = None, /, **schemas: Any) -> Any:
    """`oneOf` these schemas, told apart by `petType`."""
    discriminator = {"propertyName": "petType"} | ({"mapping": mapping} if mapping is not None else {})
    schema = {"oneOf": [ref(name) for name in schemas], "discriminator": discriminator}
    described = one({}, components={"schemas": {"Pet": PET, **schemas}})
    return SchemaReader(described).read(schema, ["schema"])


def values(form: Any) -> Any:
    return form["properties"]["petType"].get("enum")


def test_without_a_mapping_the_value_is_the_schema_s_name() -> None:
    assert [values(form) for form in forms(Cat=PET, Dog=PET)["oneOf"]] == [["Cat"], ["Dog"]]


@pytest.mark.parametrize("target", ["#/components/schemas/Dog", "Dog"])
def test_a_mapping_names_the_values(target: str) -> None:
    read = forms({"dog": target, "puppy": target}, Cat=PET, Dog=PET)
    assert [values(form) for form in read["oneOf"]] == [["Cat"], ["dog", "puppy"]]


@pytest.mark.parametrize(
    "own",
    [
        {"petType": {"const": "hound"}},
        {"petType": {"type": "string", "enum": ["hound"]}},
    ],
)
def test_what_a_form_says_itself_stays(own: Any) -> None:
    [dog] = forms(Dog={"type": "object", "properties": own})["oneOf"]
    assert dog["properties"] == own


def test_a_form_that_extends_another_has_its_own_value_of_those_of_all() -> None:
    pet = {"type": "object", "properties": {"petType": {"type": "string", "enum": ["cat", "dog"]}}}
    dog = {"allOf": [pet, {"type": "object", "properties": {"bark": {"type": "boolean"}}}]}
    [form] = forms({"dog": "Dog"}, Dog=dog)["oneOf"]
    assert form["properties"] == {"petType": {"enum": ["dog"]}}


@pytest.mark.parametrize(
    "discriminator", [None, "petType", {}, {"propertyName": 7}, {"propertyName": "petType", "mapping": ["Dog"]}]
)
def test_what_is_no_discriminator_harms_nothing(discriminator: Any) -> None:
    schema = {"oneOf": [{"type": "string"}, PET], "discriminator": discriminator}
    assert SchemaReader(one({})).read(schema, ["schema"]) == {"oneOf": [{"type": "string"}, PET]}


def test_the_specification_s_example_can_be_called() -> None:
    """Its forms have nothing but the discriminator to tell them apart, and each fits every other."""
    read = forms({"dog": "#/components/schemas/Dog"}, Cat={"allOf": [ref("Pet")]}, Dog=PET, Lizard=PET)
    schema = {"type": "object", "properties": {"pet": read}}
    for kind in ("Cat", "dog", "Lizard"):
        arguments = {"pet": {"petType": kind}}
        assert check_arguments(schema, json.dumps(arguments)) == (arguments, None)
    assert check_arguments(schema, json.dumps({"pet": {"petType": "Dog"}}))[0] is None
