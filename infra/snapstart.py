"""`python -m snapstart`: template.yaml for functions that start from a snapshot, as template-snapstart.yaml beside it.

Lambda takes snapshots of published versions only, so every request must go by an alias. That cannot be a condition in a
template, and would be a trap in the one for everybody: SAM publishes no version where only a parameter changed, so a
new `WalletProof`, say, would not take effect. Here each version bears the moment at which this was written.
"""

from __future__ import annotations

import re
import sys
import time
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "template.yaml"
TARGET = ROOT / "template-snapstart.yaml"
STREAMED = ("ChatFunction", "UpdatesFunction")  # the web server of these is no part of Lambda's runtime

_FUNCTION = re.compile(
    r"^  (?P<name>\w+):\n    Type: AWS::Serverless::Function\n(?:    Metadata:.*\n)?    Properties:\n", re.MULTILINE
)


class NotAsExpected(Exception):
    """The template has another form than this knows."""


def with_snapstart(template: str, moment: str) -> str:
    """The template with an alias and a new version for each function. Raises NotAsExpected."""
    release = sha256(moment.encode()).hexdigest()
    changed, functions = _FUNCTION.subn(lambda found: found[0] + _version(found["name"], release), template)
    if functions != template.count("Type: AWS::Serverless::Function\n"):
        raise NotAsExpected("some function of the template is written in another way")
    return changed


def _version(function: str, release: str) -> str:
    applied = "None" if function in STREAMED else "PublishedVersions"
    return (
        "      AutoPublishAlias: live\n"
        f"      AutoPublishCodeSha256: {release}\n"
        "      VersionDeletionPolicy: Delete # a snapshot is paid for as long as its version is there\n"
        f'      SnapStart: {{ApplyOn: "{applied}"}}\n'
    )


def main() -> None:
    """Write the template."""
    TARGET.write_text(with_snapstart(SOURCE.read_text(encoding="utf-8"), str(time.time_ns())), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET.name}: sam build --template {TARGET.name} && sam deploy\n")


if __name__ == "__main__":
    main()
