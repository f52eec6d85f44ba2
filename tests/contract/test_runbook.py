"""infra/RUNBOOK.md says what there is: each alarm and each metric."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from attache.telemetry.about import session_mark
from attache.telemetry.powertools_meter import NAMESPACE, UNITS

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


def test_the_mark_of_a_session_is_found_as_it_says() -> None:
    shown = re.search(r"printf %s (\S+) \| sha256sum \| head -c 12", RUNBOOK)
    assert shown is not None
    assert f'session = "{session_mark(shown[1])}"' in RUNBOOK
