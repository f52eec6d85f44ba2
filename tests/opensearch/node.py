"""A real OpenSearch for a test session: one node on loopback, which ends with the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".venv-opensearch"
MEMORY = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
PORT = "PORT "


@contextmanager
def opensearch(home: Path) -> Iterator[str]:
    """Its URL, while the block runs. Skips the test if none is built; fails it if CI asks for real engines."""
    _needed()
    classes = ":".join([str(BUILT / "classes"), str(BUILT / "server" / "*"), str(BUILT / "knn" / "*")])
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(
            ["java", *MEMORY, "-cp", classes, "OneNode", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as node,
    ):
        try:
            assert node.stdout is not None
            said = next((line for line in node.stdout if line.startswith(PORT)), None)
            assert said is not None, (home / "log").read_text()[-2000:]
            yield f"http://127.0.0.1:{said.removeprefix(PORT).strip()}"
        finally:
            node.kill()


def _needed() -> None:
    if (BUILT / ".built").is_file() and shutil.which("java"):
        return
    reason = "there is no OpenSearch here: `make opensearch` builds one (Java 17 and Maven)"
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
