"""What the doctor makes of what AWS and the API say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from attache import __version__
from attache.documents.listing import Listed
from attache_cli.doctor.api import _clock, _version, streamed
from attache_cli.doctor.documents import app_documents
from attache_cli.doctor.providers import _missing
from attache_cli.doctor.stack import _stack, function_faults, stops
from attache_cli.doctor.versions import version_faults

ARN = "arn:aws:lambda:eu-west-1:753240598075:layer:LambdaAdapterLayerArm64:"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def function(**more: Any) -> dict[str, Any]:
    """A function as `get_function_configuration` describes it."""
    return {"FunctionName": "chat", "State": "Active", "LastUpdateStatus": "Successful", "MemorySize": 512, **more}


def behind_the_adapter(*layers: str) -> dict[str, Any]:
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"}
    return function(Environment={"Variables": variables}, Layers=[{"Arn": layer} for layer in layers])


@pytest.mark.parametrize("configured", [function(), function(State="Inactive"), behind_the_adapter("x:1", f"{ARN}30")])
def test_a_function_that_is_well(configured: dict[str, Any]) -> None:
    assert list(function_faults(configured)) == []


@pytest.mark.parametrize(
    ("configured", "level", "said"),
    [
        (function(State="Failed", StateReason="no such key"), "wrong", "is Failed: no such key"),
        (function(LastUpdateStatus="Failed", LastUpdateStatusReason="too large"), "wrong", "its update failed"),
        (behind_the_adapter("arn:aws:lambda:eu-west-1:1:layer:web:3"), "wrong", "lacks the Lambda Web Adapter"),
        (behind_the_adapter(f"{ARN}29"), "wrong", "has version 29"),
        (function(Environment={"Variables": {"OPENAI_API_KEY": "sk"}}), "note", "has OPENAI_API_KEY"),
    ],
)
def test_a_function_that_is_not(configured: dict[str, Any], level: str, said: str) -> None:
    (found,) = function_faults(configured)
    assert (found.level, found.do != "") == (level, True)
    assert found.said.startswith(said)
    assert "sk" not in found.said.split()


def snapshots(apply_on: str, status: str = "Off") -> dict[str, Any]:
    return {"SnapStart": {"ApplyOn": apply_on, "OptimizationStatus": status}}


@pytest.mark.parametrize(
    ("deployed", "runs", "said"),
    [
        (function(), function(Version="3"), None),
        (function(**snapshots("None")), function(Version="3"), None),
        (
            function(**snapshots("PublishedVersions")),
            function(Version="3", **snapshots("PublishedVersions", "On")),
            None,
        ),
        (function(), None, "has no alias `live`"),
        (function(MemorySize=1024), function(Version="3"), "runs as version 3, and has since changed in MemorySize"),
        (
            function(**snapshots("PublishedVersions")),
            function(Version="3", **snapshots("None")),
            "changed in SnapStart",
        ),
        (
            function(**snapshots("PublishedVersions")),
            function(Version="3", **snapshots("PublishedVersions")),
            "has no snapshot of version 3",
        ),
    ],
)
def test_another_version_than_was_deployed_is_told(
    deployed: dict[str, Any], runs: dict[str, Any] | None, said: str | None
) -> None:
    found = list(version_faults(deployed, runs))
    assert [finding.level for finding in found] == ([] if said is None else ["wrong"])
    assert (said or "") in "".join(finding.said for finding in found)


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("UPDATE_COMPLETE", "ok"),
        ("UPDATE_IN_PROGRESS", "note"),
        ("UPDATE_ROLLBACK_COMPLETE", "note"),
        ("ROLLBACK_COMPLETE", "wrong"),
        ("UPDATE_ROLLBACK_FAILED", "wrong"),
        ("DELETE_FAILED", "wrong"),
    ],
)
def test_a_stack_by_its_status(status: str, level: str) -> None:
    assert _stack("attache-dev", status).level == level


@pytest.mark.parametrize(
    ("came", "level"),
    [
        ([0.2, 6.5, 6.6, 6.9], "ok"),  # the model thought, or its library was imported
        ([9.8, 9.8, 9.9, 10.0], "wrong"),
        ([0.1, 0.1, 0.2], "ok"),
    ],
)
def test_events_that_all_come_at_the_end_were_held_back(came: list[float], level: str) -> None:
    assert streamed(came).level == level


def test_what_cannot_be_told_is_not_said() -> None:
    assert "too quick to say whether it streams" in streamed([0.9, 0.9, 0.9]).said


@pytest.mark.parametrize("state", ["Enabled", "Enabling", "Creating", "Updating"])
def test_a_function_that_is_fed_and_may_run(state: str) -> None:
    assert list(stops("turns", {"ReservedConcurrentExecutions": 7}, [{"UUID": "u-1", "State": state}])) == []
    assert list(stops("chat", {}, [])) == []


def test_what_somebody_stopped_by_hand_is_told_with_how_to_start_it() -> None:
    found = list(stops("turns", {"ReservedConcurrentExecutions": 0}, [{"UUID": "u-1", "State": "Disabled"}]))
    assert [finding.level for finding in found] == ["wrong", "wrong"]
    assert found[0].do == "aws lambda delete-function-concurrency --function-name turns"
    assert found[1].do == "aws lambda update-event-source-mapping --uuid u-1 --enabled"


@pytest.mark.parametrize(
    ("date", "levels"),
    [
        ("Sat, 31 Jan 2026 09:30:05 GMT", ["ok"]),
        ("Sat, 31 Jan 2026 09:20:00 GMT", ["wrong"]),
        ("", []),
        ("yesterday", []),
    ],
)
def test_clocks_are_compared(date: str, levels: list[str]) -> None:
    assert [finding.level for finding in _clock(date, NOW)] == levels


@pytest.mark.parametrize(("version", "level"), [(__version__, "ok"), ("0.0.0", "note")])
def test_another_version_is_said(version: str, level: str) -> None:
    assert _version(httpx.Response(200, json={"version": version})).level == level


@pytest.mark.parametrize(
    ("states", "levels"),
    [
        ([], []),
        (["indexed", "indexed"], ["ok"]),
        (["indexed", "failed"], ["wrong"]),
        (["waiting", "failed"], ["wrong", "note"]),
        (["indexed", "waiting"], ["note"]),
    ],
)
def test_documents_that_cannot_be_found_are_told(states: list[Any], levels: list[str]) -> None:
    found = [Listed(f"{place}.md", state, 1) for place, state in enumerate(states)]
    assert [finding.level for finding in app_documents("shop", found)] == levels


def test_of_many_that_failed_some_are_named() -> None:
    (finding,) = app_documents("shop", [Listed(f"{place}.md", "failed", 1) for place in range(9)])
    assert finding.said == "9 cannot be found: 0.md, 1.md, 2.md and others"
    assert finding.do == "attache documents list shop"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gpt-4o", []),
        ("claude-sonnet", ["no key of anthropic, whose model shop uses"]),
        ("gone", ["the model gone of shop is not in the catalogue"]),
    ],
)
def test_an_apps_default_model_is_in_the_catalogue_and_has_a_key(model: str, said: list[str]) -> None:
    found = list(_missing("shop", model, ["openai"]))
    assert [finding.said for finding in found] == said
    assert all(finding.do for finding in found)
