"""What a function imports while it starts: no more than it must. How long that takes, `make bench` says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.startup import BOTO3, FUNCTIONS, MODEL_CALLERS, MOST, MUST, measured

ROOT = Path(__file__).resolve().parents[2]
LIGHT = [name for name in FUNCTIONS if name not in MODEL_CALLERS]
LOADED = "\nimport sys\nprint(*sys.modules)"
ELSEWHERE = {
    "litellm",
    "openai",
    "httpx",
    "httpcore",
    "jsonschema",
    "pint",
    "cryptography",
    "eth_keys",
    "yaml",
    "boto3",
}


def imported(program: str) -> set[str]:
    ran = subprocess.run([sys.executable, "-c", program + LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_function_starts_with_the_web_and_aws_and_no_more(name: str) -> None:
    modules = imported(f"import functions.{name}.handler")
    more = tops(modules) - tops(imported(MUST)) - sys.stdlib_module_names
    assert more <= {"attache", "functions", "mangum"}
    assert not ELSEWHERE & tops(modules)
    assert {"fastapi", "botocore"} <= tops(
        modules
    )  # while it starts, with all of its processor; not at the first request


@pytest.mark.parametrize("name", sorted(MODEL_CALLERS & set(FUNCTIONS)))
def test_who_calls_models_or_tools_starts_without_the_model_library(name: str) -> None:
    modules = tops(imported(f"import functions.{name}.handler"))
    assert not {"litellm", "openai", "tiktoken", "boto3"} & modules
    assert {"botocore"} | ({"httpcore", "jsonschema"} if name != "documents" else set()) <= modules


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_light_function_takes_little_longer_than_what_it_must_import() -> None:
    """The least of all rounds, in turn: others can only add to it, so more rounds are taken until it is seen."""
    programs = {name: f"import functions.{name}.handler" for name in LIGHT} | {BOTO3: BOTO3}
    least = dict.fromkeys(programs, float("inf"))
    for _ in range(8):
        for name, start in measured(programs, rounds=2, of=min).items():
            least[name] = min(least[name], start.seconds)
        if all(least[name] <= MOST * least[BOTO3] for name in LIGHT):
            return
    pytest.fail(f"seconds of processor time: {least}")
