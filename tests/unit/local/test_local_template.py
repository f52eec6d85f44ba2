from __future__ import annotations

from pathlib import Path
from typing import Any

from attache_local.local_template import METHODS, local_template

Json = Any
ADAPTER = "arn:${AWS::Partition}:lambda:${AWS::Region}:753240598075:layer:LambdaAdapterLayerArm64:30"


def built() -> Json:
    route = {"RestApiId": {"Ref": "Api"}, "Path": "/api/chat", "Method": "ANY"}
    streamed = {**route, "ResponseTransferMode": "RESPONSE_STREAM", "TimeoutInMillis": 900000}
    return {
        "Globals": {"Function": {"Environment": {"Variables": {"OURS": "1"}}}},
        "Resources": {
            "ChatFunction": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Handler": "run.sh",
                    "CodeUri": "ChatFunction",
                    "Layers": [{"Ref": "LlmLayer"}, {"Fn::Sub": ADAPTER}],
                    "Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/b", "AWS_LWA_PORT": "1", "KEPT": "2"}},
                    "Events": {"Chat": {"Type": "Api", "Properties": streamed}},
                },
            },
            "TurnsFunction": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Handler": "functions.turns.handler.handler",
                    "CodeUri": "TurnsFunction",
                    "Events": {"Turns": {"Type": "SQS", "Properties": {"Queue": "q"}}},
                },
            },
            "Data": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "Data/template.yaml"}},
        },
    }  # fmt: skip


def made(**variables: str) -> Json:
    return local_template(built(), Path("/built"), variables)


def test_chat_gets_a_handler_that_answers_whole_and_nothing_of_the_adapter() -> None:
    chat = made()["Resources"]["ChatFunction"]["Properties"]
    assert chat["Handler"] == "functions.chat.buffered.handler"
    assert chat["Layers"] == [{"Ref": "LlmLayer"}]
    assert chat["Environment"]["Variables"] == {"KEPT": "2"}


def test_a_route_for_any_method_is_one_for_each_and_is_not_streamed() -> None:
    routes = [each["Properties"] for each in made()["Resources"]["ChatFunction"]["Properties"]["Events"].values()]
    assert [route["Method"] for route in routes] == list(METHODS)
    assert all(set(route) == {"RestApiId", "Path", "Method"} for route in routes)


def test_what_a_queue_feeds_is_left_as_it_is() -> None:
    turns = made()["Resources"]["TurnsFunction"]["Properties"]
    assert turns["Handler"] == "functions.turns.handler.handler"
    assert turns["Events"] == {"Turns": {"Type": "SQS", "Properties": {"Queue": "q"}}}


def test_what_was_built_is_found_from_anywhere() -> None:
    resources = made()["Resources"]
    assert resources["ChatFunction"]["Properties"]["CodeUri"] == "/built/ChatFunction"
    assert resources["Data"]["Properties"]["TemplateURL"] == "/built/Data/template.yaml"


def test_variables_stand_beside_those_that_every_function_has() -> None:
    template = made(MORE="3")
    assert template["Globals"]["Function"]["Environment"]["Variables"] == {"OURS": "1", "MORE": "3"}
    assert built()["Globals"]["Function"]["Environment"]["Variables"] == {"OURS": "1"}
