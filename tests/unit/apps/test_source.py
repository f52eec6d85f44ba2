"""Files as data with lines: what YAML means here, and what is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attache.apps.problems import CannotDeploy
from attache.apps.source import MAX_BYTES, read_source

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join([f'*{chr(97 + level)}'] * 10)}]\n" for level in range(9)
)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: no", {"a": "no"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 0x1F", {"a": 31}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: '1'", {"a": "1"}),
        ("a: !!str 1", {"a": "1"}),
        ("a: ~\nb:", {"a": None, "b": None}),
        ("a: True", {"a": True}),
        ("200: ok", {"200": "ok"}),
        ("x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}", {"x": {"a": 1, "b": 2}, "y": {"b": 3, "a": 1}}),
        ("- [1, {a: b}]\n- c", [[1, {"a": "b"}], "c"]),
        ('{\t"a":\t1}', {"a": 1}),
        ("{a: 1}", {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_a_file_means_what_yaml_1_2_says(text: str, data: Any) -> None:
    assert read_source("f.yaml", text.encode()).data == data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "This file is empty"),
        ("# nothing", "This file is empty"),
        ("<!doctype html><p>404", "HTML or XML"),
        ("a: 1\nb: 2\na: 3", "f.yaml:3: The key 'a' is there twice"),
        ("a: 1\n---\nb: 2", "f.yaml:2: There is a second document"),
        ("a: [1,\n2", "f.yaml:3: This is not valid YAML"),
        ("a: b: c", "f.yaml:1: This is not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]", "The tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !secret b", "The tag !secret is not read here"),
        ("a: *nothing", "The alias *nothing names nothing"),
        ("&a [*a]", "or what it stands in"),
        ("? [1]\n: 2", "A key must be a plain word"),
        ("x: {<<: 1}", "merges mappings only"),
        (BOMB, "written out, is too large"),
        ("[" * 100_000, "nested too deeply"),
        ("- " * 100_000, "nested too deeply"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested too deeply"),
        ("a: .inf", "a number that JSON does not have"),
        ('{"a": NaN}', "a number that JSON does not have"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_what_is_refused_says_why(text: str, words: str) -> None:
    with pytest.raises(CannotDeploy) as caught:
        read_source("f.yaml", text.encode())
    assert words in caught.value.message


def test_bytes_that_are_no_text_and_too_many_of_them_are_refused() -> None:
    with pytest.raises(CannotDeploy, match="not UTF-8"):
        read_source("f.yaml", b"a: \xff")
    with pytest.raises(CannotDeploy, match="over 32 MB"):
        read_source("f.yaml", b"a" * (MAX_BYTES + 1))


def test_a_place_is_the_line_of_the_last_part_that_is_there() -> None:
    source = read_source("f.yaml", b"a:\n  b:\n    - 1\n    - c: 2\n")
    assert source.place() == "f.yaml:1"
    assert source.place(["a", "b", 1, "c"]) == "f.yaml:4 (a.b.1.c)"
    assert source.place(["a", "x", "y"]) == "f.yaml:1 (a.x.y)"
    assert read_source("f.json", b'{"a": 1}').place(["a"]) == "f.json (a)"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_read_as_json(data: Any) -> None:
    if isinstance(data, dict | list):
        assert read_source("f", json.dumps(data).encode()).data == data


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(CannotDeploy):
        read_source("f.yaml", text.encode())
