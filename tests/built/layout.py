"""What a function finds in its sandbox: its code as `/var/task`, its layers one over the other as `/opt`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.built.template import ROOT, BuiltFunction

LAMBDA_BIN = ROOT / ".venv-lambda" / "bin"
ADAPTER = ROOT / ".venv-adapter" / "bin" / "lambda-adapter"
BOOTSTRAP = '#!/bin/bash\n\nexec -- "${LAMBDA_TASK_ROOT}/${_HANDLER}"\n'  # as the adapter's layer has it


@dataclass(frozen=True)
class Layout:
    """`task` stands for `/var/task`, and `opt` for `/opt`: where nobody is root, they can't be there themselves."""

    task: Path
    opt: Path

    def environment(self) -> dict[str, str]:
        """What Lambda sets before a function's own variables come on top."""
        return {
            "PATH": f"{LAMBDA_BIN}:{os.defpath}",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(self.task),
            "PYTHONPATH": f"{self.task}:{self.opt / 'python'}",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }

    def own(self, variables: dict[str, str]) -> dict[str, str]:
        """A function's variables, with this sandbox's folder for `/opt`."""
        return {
            name: str(self.opt / value.removeprefix("/opt/")) if value.startswith("/opt/") else value
            for name, value in variables.items()
        }


def lay_out(function: BuiltFunction, opt: Path) -> Layout:
    """Put the function's layers into `opt`, a new folder, as Lambda unpacks them: later ones over earlier ones."""
    overlay(function.layers, opt)
    if function.adapted:
        (opt / "extensions").mkdir(parents=True)
        shutil.copy2(ADAPTER, opt / "extensions" / "lambda-adapter")
        (opt / "bootstrap").write_text(BOOTSTRAP)
        (opt / "bootstrap").chmod(0o755)
    return Layout(function.task, opt)


def overlay(layers: Iterable[Path], opt: Path) -> None:
    opt.mkdir(parents=True)
    for layer in layers:
        shutil.copytree(layer, opt, dirs_exist_ok=True, copy_function=_placed)


def _placed(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
