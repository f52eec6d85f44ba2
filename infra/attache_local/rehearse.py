"""`python -m attache_local.rehearse deploy` or `sam-local`: run what was built until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from attache_cli.loopback import stay_local
from attache_local.__main__ import cancel_on_signal
from attache_local.errors import LocalStackError
from attache_local.greeting import lines_to_paste
from attache_local.progress import Progress
from attache_local.rehearsal import rehearsal

NOTES = {
    "deploy": "",
    "sam-local": "A stream's turn runs in a container, which reaches no tools on this machine; a snapshot's does.\n\n",
}
STATE = Path(__file__).resolve().parents[2] / ".attache" / "rehearsal"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it. Exit code 0 after a requested stop, 1 if it cannot run."""
    options = _options(arguments)
    stay_local(os.environ)
    try:
        asyncio.run(_run(options.way, options.port, options.state_dir))
    except LocalStackError as error:
        print(f"make {options.way}: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(way: str, port: int, directory: Path) -> None:
    cancel_on_signal()
    progress = Progress()
    try:
        async with rehearsal(way, port, directory, dict(os.environ), progress) as (url, key):
            print(f"\nAttaché is ready after {progress.seconds:.0f} s: {url}\n  app key  {key}\n")
            print(f"{lines_to_paste(url, key)}\n\n{NOTES[way]}Ctrl-C stops it.", flush=True)
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        progress.note("stopped")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="attache_local.rehearse", description=__doc__)
    parser.add_argument("way", choices=["deploy", "sam-local"])
    parser.add_argument("--port", type=int, default=8000, help="sam-local: where the API is served (8000)")
    parser.add_argument("--state-dir", type=Path, default=STATE, help="where all state is kept")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
