"""Stages, parameters and requirements: what a deployment is made from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.contract.templates.transformed import (
    ROOT,
    Json,
)


def test_wallets_are_proven_in_production_unless_the_operator_says_otherwise(source: Json) -> None:
    assert source["Parameters"]["WalletProof"]["Default"] == "auto"
    production = {"Fn::And": [is_given("WalletProof", "auto"), is_given("Stage", "prod")]}
    assert source["Conditions"]["ProveWallets"] == {"Fn::Or": [is_given("WalletProof", "required"), production]}
    variables = source["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["ATTACHE_WALLET_PROOF"] == {"Fn::If": ["ProveWallets", "required", "off"]}


def is_given(parameter: str, value: str) -> Json:
    return {"Fn::Equals": [{"Ref": parameter}, value]}


@pytest.mark.parametrize("path", sorted(ROOT.glob("infra/requirements/*.txt")) + sorted(ROOT.glob("layers/*/*.txt")))
def test_every_requirement_is_pinned_with_hashes_and_names_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        assert re.fullmatch(
            r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ +(; [^#]+?)?( *--hash=sha256:[0-9a-f]{64})+", line
        ), line
    assert not re.search(r"litellm==1\.82\.[78]\b", text)


@pytest.mark.parametrize(("environment", "stage"), [("default", "dev"), ("staging", "staging"), ("prod", "prod")])
def test_stages_are_deployed_under_their_own_names_with_parameters_that_there_are(
    source: Json, environment: str, stage: str
) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))[environment]
    assert config["global"]["parameters"]["stack_name"] == f"attache-{stage}"
    said = dict(each.split("=", 1) for each in config["deploy"]["parameters"]["parameter_overrides"])
    assert said["Stage"] == stage
    for name, value in said.items():
        assert value in [str(each) for each in source["Parameters"][name].get("AllowedValues", [value])], name
    assert f"stage={stage}" in config["deploy"]["parameters"]["tags"]
    assert (said.get("WalletProof"), said.get("DefaultApp")) == (
        (None, None) if stage == "dev" else ("required", "off")
    )


def test_every_parameter_has_a_default_and_says_what_it_is_for(source: Json) -> None:
    for name, parameter in source["Parameters"].items():
        assert "Default" in parameter, name
        assert "Description" in parameter, name
