from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from attache.errors import BadInput
from attache.models.catalogue import Catalogue

FILE = """
[small]
name = "Small"
provider = "openai"
route = "openai/small-1"

["small.fast"]
name = "Small and fast"
provider = "openai"
route = "openai/small-fast-1"
max_tokens = 100

[large]
name = "Large"
provider = "anthropic"
route = "anthropic/large-1"

["router/*"]
name = "* (router)"
provider = "router"
route = "router/*"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    file = tmp_path / "catalogue.toml"
    file.write_text(FILE)
    return Catalogue.read(file)


def test_an_id_is_a_route_a_name_and_a_provider(catalogue: Catalogue) -> None:
    entry = catalogue.resolve("small.fast")
    assert (entry.id, entry.name, entry.provider, entry.route, entry.max_tokens) == (
        "small.fast", "Small and fast", "openai", "openai/small-fast-1", 100,
    )  # fmt: skip


def test_a_pattern_is_filled_in(catalogue: Catalogue) -> None:
    entry = catalogue.resolve("router/meta/llama-4")
    assert (entry.id, entry.name, entry.route) == (
        "router/meta/llama-4",
        "meta/llama-4 (router)",
        "router/meta/llama-4",
    )


@pytest.mark.parametrize("model", ["", "smal", "small/", "Small", "router/", "router/ ", "router/*", "*", "x" * 10_000])
def test_an_unknown_id_is_bad_input_that_says_what_there_is(catalogue: Catalogue, model: str) -> None:
    with pytest.raises(BadInput, match=r"there are small, small\.fast, large, router/\*") as refused:
        catalogue.resolve(model)
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("default", "allowed", "listed"),
    [
        ("small", (), ["small"]),
        ("large", ("small", "large"), ["large", "small"]),
        ("small", ("*",), ["small", "small.fast", "large"]),
        ("large", ("small*",), ["large", "small", "small.fast"]),
        ("small", ("router/*",), ["small"]),
        ("small", ("router/a", "router/b"), ["small", "router/a", "router/b"]),
        ("router/a", ("router/*",), ["router/a"]),
        ("small", ("gone", "large"), ["small", "large"]),
    ],
)
def test_an_app_lists_what_it_allows(
    catalogue: Catalogue, default: str, allowed: tuple[str, ...], listed: list[str]
) -> None:
    assert [entry.id for entry in catalogue.listing(default, allowed)] == listed


@pytest.mark.parametrize("wrong", ['[a]\nname = "A"', '[a]\nname="A"\nprovider="p"\nroute="p/a"\nmore=1'])
def test_an_entry_with_too_little_or_too_much_is_refused(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(wrong)
    with pytest.raises(TypeError):
        Catalogue.read(file)


def test_the_catalogue_that_is_shipped() -> None:
    entries = Catalogue.read().entries
    assert entries.keys() >= {"claude-sonnet", "claude-haiku", "claude-opus", "gpt-4o", "gpt-4o-mini", "openrouter/*"}
    assert all(entry.route.startswith(f"{entry.provider}/") for entry in entries.values())


def test_reading_it_imports_nothing_heavy() -> None:
    program = (
        "import sys; from attache.models.catalogue import Catalogue; import attache.models.access; Catalogue.read();"
        "assert not {'litellm', 'httpx', 'pydantic', 'yaml', 'boto3'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
