"""README.md and infra/*.md: their links, commands, make targets and parameters exist, and their samples compile."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from samtranslator.yaml_helper import yaml_parse

from attache_cli.main import app as command_line
from tests.unit.apps.descriptions import description
from tests.unit.apps.folders import built

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "README.md", *ROOT.glob("infra/*.md"))
}
SAMPLE_API: dict[str, Any] = {
    "/forecast/{city}": {"get": {}},
    "/trades": {"post": {}},
    "/withdrawals": {"post": {}},
    "/withdrawals/{withdrawalId}": {"get": {}},
}


def commands(text: str) -> set[tuple[str, ...]]:
    """The words that come after `attache` wherever it is called."""
    called = re.findall(r"(?:^ *|`|&& |\.venv/bin/)attache ([a-z-]+)(?: ([a-z-]+))?", text, re.MULTILINE)
    return {tuple(filter(None, words)) for words in called}


def targets(text: str) -> set[str]:
    called = re.findall(r"(?:^ *|`|&& )make ((?:[a-z][a-z-]* ?)+)", text, re.MULTILINE)
    return {target for each in called for target in each.split()}


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def samples(text: str) -> list[str]:
    return [textwrap.dedent(block) for block in re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)]


def manifest_of(sample: str) -> dict[str, Any]:
    """A whole manifest as it is; operations, or another part, in the place of the first sample's."""
    whole = yaml.safe_load(samples(DOCUMENTS["README.md"])[0])
    part = yaml.safe_load(sample)
    if isinstance(part, list):
        part = {"expose": part}
    if "expose" in part:
        part = {"tools": {**whole["tools"], **part}}
    return {**whole, **part}


@pytest.mark.parametrize(
    ("document", "words"), [(name, words) for name, text in DOCUMENTS.items() for words in sorted(commands(text))]
)
def test_the_commands_exist(document: str, words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(command_line)
    for word in words:
        if hasattr(command, "commands"):
            assert word in command.commands, f"attache {' '.join(words)}"
            command = command.commands[word]
    assert command.name == words[min(len(words), 2) - 1] or command.name == words[0]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_make_targets_exist(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert targets(DOCUMENTS[document]) <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for link in re.findall(r"\]\(((?!https?:)[^)]+)\)", DOCUMENTS[document]):
        path, _, anchor = link.partition("#")
        target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_the_readme_leads_to_every_other_document() -> None:
    assert [name for name in DOCUMENTS if name != "README.md" and f"({name})" not in DOCUMENTS["README.md"]] == []


@pytest.mark.parametrize("path", re.findall(r"`((?:\w+/)+\w+\.(?:py|toml))`", DOCUMENTS["README.md"]))
def test_the_files_that_the_readme_points_to_exist(path: str) -> None:
    assert (ROOT / path).is_file() or (ROOT / "layers/core/attache" / path).is_file()


def test_the_readme_has_each_parameter_of_the_template() -> None:
    table = DOCUMENTS["README.md"].partition("| parameter |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([A-Z]\w+)`", row.split("|")[1])}
    assert named == set(yaml_parse((ROOT / "template.yaml").read_text())["Parameters"])


@pytest.mark.parametrize("document", ["README.md", "infra/APPS.md"])
def test_the_sample_apps_compile(document: str, tmp_path: Path) -> None:
    for number, sample in enumerate(samples(DOCUMENTS[document])):
        folder = tmp_path / str(number)
        (folder / "docs").mkdir(parents=True)
        (folder / "docs" / "guide.md").write_text("# Forecasts\n\nThey reach seven days ahead.\n")
        app, _ = built(folder, manifest_of(sample), description(SAMPLE_API))
        assert app.tools or app.wallet_tools, sample
