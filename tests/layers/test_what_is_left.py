"""What the layers leave out is not missed: tests that the environment passes, passed with nothing but the layers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("layers"), pytest.mark.timeout(900)]  # a layer is built first

ROOT = Path(__file__).resolve().parents[2]
ALL_ANSWER = """
import importlib, json, pkgutil, attache, functions
for package in (attache, functions):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
from attache.aws import Aws, AwsAccess
aws = Aws(AwsAccess("http://127.0.0.1:9", "us-east-1", "local", "local"))
for service in ("dynamodb", "sqs", "s3", "kms", "ssm"):
    assert aws.client(service).meta.service_model.service_name == service
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
AESGCM(AESGCM.generate_key(256)).encrypt(b"0" * 12, b"text", None)
from attache.wallets.eth_keys_signatures import EthKeysSignatures
signed = "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd"
signed += "6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"
assert EthKeysSignatures().signer("Some data", bytes.fromhex(signed)) == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
"""


def in_layers(layers: Sequence[Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run tests that import what the service needs from the layers alone."""
    env = {**os.environ, "ATTACHE_LAYERS": os.pathsep.join(map(str, layers)), "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "only_layers", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_whatever_the_service_imports_is_in_the_layers(layers: list[Path]) -> None:
    """No site-packages at all: `-S` leaves the standard library, our own packages and the layers."""
    path = [ROOT / "layers/core", ROOT, *layers]
    ran = subprocess.run(
        [sys.executable, "-S", "-c", ALL_ANSWER],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_plugin_hides_what_a_layer_left_out(layers: list[Path], tmp_path: Path) -> None:
    sought = tmp_path / "test_sought.py"
    sought.write_text("def test_it():\n    import tokenizers\n")
    assert "tokenizers is in no layer" in in_layers(layers, str(sought)).stdout


@pytest.mark.parametrize("tests", ["tests/functional/models", "tests/functional/wire", "tests/functional/tools"])
def test_the_wire_tests_pass_with_nothing_but_the_layers(layers: list[Path], tests: str) -> None:
    """They drive LiteLLM against servers that speak OpenAI's and Anthropic's wire formats, failures included."""
    ran = in_layers(layers, "-m", "not aws", tests)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
