"""What importing a function takes: processor time and memory of a new interpreter, beside what it must import.

Processor time, since what else runs here would be in the time on the wall; each program in turn, and the middle of all
rounds, since it would be in a mean.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
NOTHING = "pass"
MUST = "import fastapi, botocore.session, pydantic"
BOTO3 = "import fastapi, boto3, pydantic"
LITELLM = "from attache.models.litellm_import import import_litellm; import_litellm()"
# what Linux says of the process itself: the usage that its parent is told counts what it was before it became Python
PEAK = """
try:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
except OSError:
    print(0)
"""
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))
MODEL_CALLERS = {"chat", "turns", "documents", "tools"}  # they may import more than the others
MOST = 1.2  # times what must be imported


@dataclass(frozen=True)
class Start:
    """An interpreter that imported something and ended: processor time in seconds, most memory in megabytes."""

    seconds: float
    megabytes: float


def starts(rounds: int = 5) -> dict[str, Start]:
    """What each function's handler takes, and `NOTHING`, `MUST`, `BOTO3` and `LITELLM`, by name."""
    programs = {name: f"import functions.{name}.handler" for name in FUNCTIONS}
    programs |= {program: program for program in (NOTHING, MUST, BOTO3, LITELLM)}
    return measured(programs, rounds)


def measured(
    programs: Mapping[str, str], rounds: int, of: Callable[[Iterable[float]], float] = median
) -> dict[str, Start]:
    """The middle (or what `of` says) of each program's runs; one before them all makes sure of the bytecode."""
    for program in programs.values():
        _started(program)
    runs = [{name: _started(program) for name, program in programs.items()} for _ in range(rounds)]
    return {
        name: Start(of([run[name].seconds for run in runs]), of([run[name].megabytes for run in runs]))
        for name in programs
    }


def _started(program: str) -> Start:
    command = [sys.executable, "-c", program + PEAK]
    process = subprocess.Popen(command, cwd=ROOT, env={"PATH": os.defpath}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        kilobytes = int(output.read().split()[-1])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{program!r} ended with {process.returncode}")
    return Start(used.ru_utime + used.ru_stime, kilobytes / 1000)
