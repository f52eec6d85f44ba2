"""Alarms and dashboard: they look at what there is, by the names that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from attache.aws import Aws
from attache.telemetry.powertools_meter import NAMESPACE, UNITS
from attache_local.embedded_aws import EmbeddedAws

Json = Any  # CloudFormation is JSON, of no fixed shape

ROOT = Path(__file__).resolve().parents[2]
OF_AWS = {
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError"},
    "AWS/Lambda": {"Errors", "Throttles", "ConcurrentExecutions", "Duration"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    NAMESPACE: set(UNITS),
}
OF_OURS = ({"stage"}, {"stage", "app"})  # the sets of dimensions that our metrics are written with


def parsed(name: str) -> Json:
    return yaml_parse((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def observability() -> Json:
    return parsed("infra/observability.yaml")


def alarms(observability: Json) -> dict[str, Json]:
    found = observability["Resources"].items()
    return {name: each["Properties"] for name, each in found if each["Type"] == "AWS::CloudWatch::Alarm"}


def watched(alarm: Json) -> Iterator[tuple[str, str, Json]]:
    """Namespace, name and dimensions of what an alarm looks at."""
    yield alarm["Namespace"], alarm["MetricName"], {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def widgets(observability: Json) -> list[Json]:
    body = observability["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return [each["properties"] for each in json.loads(body)["widgets"]]


def test_every_alarm_looks_at_a_metric_that_is_written(observability: Json) -> None:
    for name, alarm in alarms(observability).items():
        for namespace, metric, dimensions in watched(alarm):
            assert metric in OF_AWS[namespace], name
            assert namespace != NAMESPACE or set(dimensions) in OF_OURS, name


def test_every_alarm_says_what_it_means_whom_it_tells_and_that_silence_is_well(observability: Json) -> None:
    for name, alarm in alarms(observability).items():
        assert alarm["AlarmDescription"].endswith(f": infra/RUNBOOK.md, {name}"), name
        assert alarm["AlarmActions"] == {"Fn::If": ["WritesEmail", [{"Ref": "Alarms"}], {"Ref": "AWS::NoValue"}]}, name
        assert alarm["TreatMissingData"] == "notBreaching", name


def test_errors_are_those_of_every_function(observability: Json) -> None:
    root = parsed("template.yaml")
    functions = {n for n, each in root["Resources"].items() if each["Type"] == "AWS::Serverless::Function"}
    given = root["Resources"]["Observability"]["Properties"]["Parameters"]
    looked_at: dict[str, set[str]] = {"Errors": set(), "Throttles": set()}
    for alarm in alarms(observability).values():
        for _, metric, dimensions in watched(alarm):
            if metric in looked_at:
                said = given[dimensions["FunctionName"]["Ref"]]
                looked_at[metric].add((said["Fn::If"][1] if "Fn::If" in said else said)["Ref"])
    assert looked_at["Errors"] == functions
    # they share the account's concurrency but for updates, which may have one of its own
    assert looked_at["Throttles"] == {"ChatFunction", "TurnsFunction", "UpdatesFunction"}


def test_queues_and_api_are_called_what_they_are_called(observability: Json) -> None:
    queues = {q["Properties"]["QueueName"]["Fn::Sub"] for q in parsed("infra/queues.yaml")["Resources"].values()}
    api = parsed("template.yaml")["Resources"]["Api"]["Properties"]
    said = json.dumps(observability)
    named = set(re.findall(r"attache-\$\{Stage\}-[a-z-]+", said))
    assert named <= queues
    assert named
    assert api["Name"] == {"Fn::Sub": "attache-${Stage}"}


def test_the_dashboard_shows_metrics_that_are_written(observability: Json) -> None:
    shown = set()
    for widget in widgets(observability):
        for metric in widget["metrics"]:
            if isinstance(metric[0], dict):
                [name] = re.findall(r'MetricName="(\w+)"', metric[0]["expression"])
                namespace = NAMESPACE
            else:
                namespace, name = metric[:2]
            assert name in OF_AWS[namespace], widget["title"]
            shown.add(name)
    assert {"Turns", "FirstToken", "InputTokens", "OutputTokens", "Cost", "ToolTime"} <= shown


@pytest.mark.aws
def test_the_embedded_aws_makes_them_all(tmp_path: Path, observability: Json) -> None:
    given = {
        name: "1000" if each["Type"] == "Number" else "me@example.com" if name == "AlarmEmail" else name.lower()
        for name, each in observability["Parameters"].items()
    }
    with EmbeddedAws(tmp_path) as embedded:
        client = Aws(embedded.access).client("cloudformation")
        client.create_stack(
            StackName="told",
            TemplateBody=(ROOT / "infra/observability.yaml").read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        )
        client.get_waiter("stack_create_complete").wait(StackName="told", WaiterConfig={"Delay": 1})
        watch = Aws(embedded.access).client("cloudwatch")
        made = watch.describe_alarms()["MetricAlarms"]
        assert len(made) == len(alarms(observability))
        assert json.loads(watch.get_dashboard(DashboardName="attache-stage")["DashboardBody"])["widgets"]
