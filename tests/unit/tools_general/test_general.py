"""The toolset of the default app."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from attache.apps.default_app import default_app
from attache.tools.general import GeneralTools
from attache.tools.tool import CallContext, ToolCall, ToolResult, Toolset
from tests.fakes.clock import FakeClock

CONTEXT = CallContext("default", "a-session")


@pytest.fixture
def tools() -> Toolset:
    return GeneralTools(FakeClock())


async def answer(tools: Toolset, name: str, arguments: Any) -> ToolResult:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return await tools.run(ToolCall("call-1", name, text), CONTEXT)


def test_the_model_is_shown_four_safe_tools_with_sound_schemas(tools: Toolset) -> None:
    assert [spec.name for spec in tools.specs] == ["GetCurrentTime", "Calculate", "ConvertUnits", "ListCapabilities"]
    for spec in tools.specs:
        assert spec.safe
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", spec.name)
        Draft202012Validator.check_schema(spec.parameters)
        assert spec.parameters["additionalProperties"] is False


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("Calculate", {"expression": "0.1 + 0.2"}, {"result": "0.3"}),
        ("ConvertUnits", {"value": 5, "from_unit": "mile", "to_unit": "km"}, {"result": "8.04672"}),
        ("ConvertUnits", {"value": 0.1, "from_unit": "m", "to_unit": "cm"}, {"result": "10"}),
        ("GetCurrentTime", {"zone": "Tokyo"}, {"zone": "Asia/Tokyo"}),
        ("GetCurrentTime", {}, {"zone": "UTC"}),
        ("GetCurrentTime", "", {"zone": "UTC"}),
        ("GetCurrentTime", {"zone": None}, {"zone": "UTC"}),
    ],
)
async def test_a_call_is_answered_with_json(
    tools: Toolset, name: str, arguments: Any, expected: dict[str, Any]
) -> None:
    result = await answer(tools, name, arguments)
    assert result.outcome == "ok"
    assert expected.items() <= json.loads(result.text).items()


async def test_the_time_is_the_clocks() -> None:
    result = await answer(GeneralTools(FakeClock(1_782_907_200_123)), "GetCurrentTime", {"zone": "UTC"})
    assert json.loads(result.text)["time"] == "2026-07-01T12:00:00+00:00"


async def test_what_it_can_do_names_every_other_tool(tools: Toolset) -> None:
    result = await answer(tools, "ListCapabilities", {})
    listed = [tool["tool"] for tool in json.loads(result.text)["tools"]]
    assert listed == ["GetCurrentTime", "Calculate", "ConvertUnits"]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("Guess", {}, "There is no tool 'Guess'; there are GetCurrentTime"),
        ("Calculate", "{", "not valid JSON"),
        ("Calculate", "[]", "JSON object"),
        ("Calculate", {}, "expression"),
        ("Calculate", {"expression": 5}, "string"),
        ("Calculate", {"expression": "1", "speed": 1}, "speed"),
        ("Calculate", {"expression": "1" * 301}, "expression"),
        ("ConvertUnits", {"value": "5", "from_unit": "m", "to_unit": "km"}, "number"),
        ("ConvertUnits", {"value": 1e101, "from_unit": "m", "to_unit": "km"}, "value"),
        ("ConvertUnits", '{"value": NaN, "from_unit": "m", "to_unit": "km"}', "not valid JSON"),
        ("GetCurrentTime", {"zone": ""}, "zone"),
    ],
)
async def test_a_call_that_does_not_fit_is_refused_before_it_runs(
    tools: Toolset, name: str, arguments: Any, words: str
) -> None:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    refusal = tools.check(ToolCall("call-1", name, text))
    assert refusal is not None
    assert refusal.outcome == "error"
    assert words in refusal.text
    assert await answer(tools, name, arguments) == refusal


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("Calculate", {"expression": "1/0"}, "Division by zero"),
        ("ConvertUnits", {"value": 1, "from_unit": "kg", "to_unit": "m"}, "different things"),
        ("GetCurrentTime", {"zone": "Tokio"}, "Asia/Tokyo"),
    ],
)
async def test_advice_is_a_result_that_the_model_can_act_on(
    tools: Toolset, name: str, arguments: Any, words: str
) -> None:
    assert tools.check(ToolCall("call-1", name, json.dumps(arguments))) is None
    result = await answer(tools, name, arguments)
    assert result.outcome == "error"
    assert words in result.text


def test_the_default_app_has_these_tools_and_a_version_of_its_content() -> None:
    app = default_app()
    assert (app.name, app.builtin_tools, app.tools, app.secrets) == ("default", ("general",), (), ())
    assert re.fullmatch(r"[0-9a-f]{16}", app.version)
    assert app == default_app()
    assert app.models.allows("openrouter/anything")
    assert not app.models.allows("gpt-2")
