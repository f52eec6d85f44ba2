"""Functions of the transformed template: layers, handlers, variables, queues and timeouts."""

from __future__ import annotations

import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from attache.settings import Settings
from attache.tools.http_tool import HttpTool
from attache.turns.timings import DEFAULT
from attache.wire.deliveries import MOST_TRIES
from tests.contract.templates.transformed import (
    ROOT,
    Json,
    typed,
)

LOCAL_ONLY = {"ATTACHE_DEMO_MODEL_URL", "ATTACHE_LOOPBACK_TOOLS"}


# of the functions that index and search
SEARCH = {"ATTACHE_SEARCH_BACKEND", "ATTACHE_SEARCH_ENDPOINT"}


OWN = {
    "SessionsFunction": {"ATTACHE_WALLET_DOMAINS"},
    "ChatFunction": SEARCH,
    "TurnsFunction": SEARCH,
    "DocumentsFunction": SEARCH | {"ATTACHE_DOCUMENTS_BUCKET", "ATTACHE_DOCUMENTS_QUEUE_URL"},
}


OF_SOME = set().union(*OWN.values())


RUNAWAY = 16


def test_streaming_functions_run_behind_the_adapter_and_no_other_does(resources: Json) -> None:
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        variables = function["Environment"]["Variables"]
        behind = name in ("ChatFunction", "UpdatesFunction")
        assert (variables.get("AWS_LWA_INVOKE_MODE") == "response_stream") is behind
        assert (variables.get("AWS_LAMBDA_EXEC_WRAPPER") == "/opt/bootstrap") is behind
        assert (function["Handler"] == "run.sh") is behind
        assert ("LambdaAdapterLayerArm64:30" in str(function["Layers"])) is behind


def test_only_functions_that_call_a_model_carry_the_model_library(resources: Json) -> None:
    carriers = {
        name
        for name, f in typed(resources, "AWS::Lambda::Function").items()
        if re.search("'LlmLayer", str(f["Layers"]))
    }
    assert carriers == {"ChatFunction", "TurnsFunction", "DocumentsFunction"}


def test_only_the_function_that_checks_signatures_carries_ethereums_libraries(resources: Json) -> None:
    functions = typed(resources, "AWS::Lambda::Function")
    assert {name for name, f in functions.items() if "'WalletLayer" in str(f["Layers"])} == {"SessionsFunction"}


def test_handlers_are_where_the_source_has_them(resources: Json) -> None:
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        folder = ROOT / "functions" / name.removesuffix("Function").lower()
        assert (folder / "handler.py").is_file()
        if function["Handler"] == "run.sh":
            assert (folder / "run.sh").stat().st_mode & 0o111
        else:
            assert function["Handler"] == f"functions.{folder.name}.handler.handler"


def test_everything_that_is_built_has_its_target(source: Json) -> None:
    for name, resource in source["Resources"].items():
        if resource.get("Metadata", {}).get("BuildMethod") == "makefile":
            folder = ROOT / resource["Properties"].get("ContentUri", source["Globals"]["Function"]["CodeUri"])
            assert re.search(rf"^build-{name}:", (folder / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), name


def test_a_queue_hides_a_message_for_longer_than_its_function_may_run(source: Json, resources: Json) -> None:
    """AWS's advice for queues that feed functions ("Using Lambda with Amazon SQS")."""
    given = source["Resources"]["Queues"]["Properties"]["Parameters"]
    functions = typed(resources, "AWS::Lambda::Function")
    assert int(given["TurnsVisibility"]) == 6 * functions["TurnsFunction"]["Timeout"]
    assert 6 * 60 >= int(given["ToolCallsVisibility"]) > functions["ToolsFunction"]["Timeout"], (
        "nobody else looks after"
    )


def test_a_message_is_tried_as_often_as_the_workers_count() -> None:
    queues = yaml_parse((ROOT / "infra" / "queues.yaml").read_text())["Resources"].values()
    policies = [queue["Properties"].get("RedrivePolicy") for queue in queues]
    assert {policy["maxReceiveCount"] for policy in policies if policy} == {MOST_TRIES}


def test_a_tool_may_take_less_time_than_its_worker(resources: Json) -> None:
    longest = next(each.le for each in HttpTool.model_fields["timeout"].metadata if hasattr(each, "le"))
    assert longest < typed(resources, "AWS::Lambda::Function")["ToolsFunction"]["Timeout"]


def test_workers_take_one_message_at_a_time_and_say_which_failed(resources: Json) -> None:
    sources = typed(resources, "AWS::Lambda::EventSourceMapping").values()
    assert len(sources) == 3
    for mapping in sources:
        assert mapping["BatchSize"] == 1
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_workers_whose_jobs_lead_to_more_of_them_are_not_stopped_as_runaways(resources: Json) -> None:
    """By default Lambda refuses a function's messages after about 16 runs that led to each other.

    See "Use Lambda recursive loop detection to prevent infinite loops" in its developer guide.
    """
    functions = typed(resources, "AWS::Lambda::Function")
    allowed_to = {name for name, function in functions.items() if function.get("RecursiveLoop") == "Allow"}
    assert allowed_to == {"TurnsFunction", "ToolsFunction"}
    assert DEFAULT.turn / DEFAULT.guard > RUNAWAY, "one guard after the other, while a long turn runs"


def test_every_function_gets_the_settings_and_nothing_of_the_local_stack(resources: Json) -> None:
    fields = {f"ATTACHE_{name.upper()}" for name in Settings.model_fields}
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        given = {variable for variable in function["Environment"]["Variables"] if variable.startswith("ATTACHE_")}
        assert given == fields - LOCAL_ONLY - OF_SOME | OWN.get(name, set()), name


@pytest.mark.parametrize("name", ["data", "queues", "documents", "search"])
def test_a_nested_template_is_plain_and_gives_what_the_root_asks_of_it(source: Json, name: str) -> None:
    nested = yaml_parse((ROOT / "infra" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert "Transform" not in nested
    asked = set(re.findall(rf"'{name.title()}\.Outputs\.(\w+)'|'{name.title()}', 'Outputs\.(\w+)'", str(source)))
    assert asked
    assert {one or other for one, other in asked} <= set(nested["Outputs"])


def test_whatever_could_not_be_handled_raises_an_alarm(source: Json) -> None:
    queues, told = (yaml_parse((ROOT / "infra" / name).read_text()) for name in ("queues.yaml", "observability.yaml"))
    given = source["Resources"]["Observability"]["Properties"]["Parameters"]
    assert set(given) == set(told["Parameters"])
    alarms = [each["Properties"] for each in told["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = {
        str(given[alarm["Dimensions"][0]["Value"]["Ref"]])
        for alarm in alarms
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    targets = [queue["Properties"].get("RedrivePolicy") for queue in queues["Resources"].values()]
    names = [target["deadLetterTargetArn"]["Fn::GetAtt"][0] for target in targets if target]
    assert len(names) == len(targets) / 2, "each queue has a place of its own"
    for name in names:
        assert queues["Outputs"][f"{name}Name"]["Value"] == {"Fn::GetAtt": [name, "QueueName"]}
        assert str({"Fn::GetAtt": ["Queues", f"Outputs.{name}Name"]}) in watched
