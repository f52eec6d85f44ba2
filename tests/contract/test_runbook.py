"""infra/RUNBOOK.md says what there is: each alarm, each metric, and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from samtranslator.yaml_helper import yaml_parse

from attache.telemetry.about import session_mark
from attache.telemetry.powertools_meter import NAMESPACE, UNITS
from attache_cli.main import app

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "infra/RUNBOOK.md").read_text()
HEADINGS = re.findall(r"^#+ (.*)$", RUNBOOK, re.MULTILINE)
SECTIONS = {name for heading in HEADINGS for name in heading.split(", ") if name.endswith("Alarm")}


def alarms() -> dict[str, Any]:
    resources = yaml_parse((ROOT / "infra/observability.yaml").read_text())["Resources"]
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_names_its_section_and_the_section_is_there(name: str) -> None:
    assert name in SECTIONS, f"infra/RUNBOOK.md lacks a section '### {name}': what it means, and what to do"
    assert f"infra/RUNBOOK.md, {name}" in alarms()[name]["AlarmDescription"]


def test_no_section_is_about_an_alarm_that_is_gone() -> None:
    assert set(alarms()) == SECTIONS


@pytest.mark.parametrize("metric", UNITS)
def test_every_metric_is_explained(metric: str) -> None:
    assert any(line.startswith("|") and f"`{metric}`" in line for line in RUNBOOK.splitlines())


def test_an_alarm_on_our_metrics_is_on_one_that_there_is() -> None:
    assert NAMESPACE in RUNBOOK
    for alarm in alarms().values():
        assert alarm.get("Namespace") != NAMESPACE or alarm["MetricName"] in UNITS


def commands(text: str) -> set[tuple[str, ...]]:
    """The words that come after `attache` wherever it is called."""
    called = re.findall(r"(?:^|`|&& )attache ([a-z-]+)(?: ([a-z-]+))?", text, re.MULTILINE)
    return {tuple(filter(None, words)) for words in called}


@pytest.mark.parametrize("words", sorted(commands(RUNBOOK)))
def test_the_commands_exist(words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        if hasattr(command, "commands"):
            assert word in command.commands, f"attache {' '.join(words)}"
            command = command.commands[word]
    assert command.name == words[min(len(words), 2) - 1] or command.name == words[0]


def test_the_readme_leads_here_and_links_within_lead_somewhere() -> None:
    assert "(infra/RUNBOOK.md)" in (ROOT / "README.md").read_text()
    anchors = {heading.lower().replace(" ", "-") for heading in HEADINGS}
    assert set(re.findall(r"\]\(#([^)]*)\)", RUNBOOK)) <= anchors


def test_the_mark_of_a_session_is_found_as_it_says() -> None:
    shown = re.search(r"printf %s (\S+) \| sha256sum \| head -c 12", RUNBOOK)
    assert shown is not None
    assert f'session = "{session_mark(shown[1])}"' in RUNBOOK
