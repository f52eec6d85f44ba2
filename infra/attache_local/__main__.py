"""`python -m attache_local`: run the local stack until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from attache_cli.loopback import stay_local
from attache_local.errors import LocalStackError
from attache_local.lines import log_for_people
from attache_local.progress import Progress

STATE = Path(__file__).resolve().parents[2] / ".attache"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack. Exit code 0 after a requested stop, 1 if the stack cannot run."""
    options = _options(arguments)
    log_for_people()
    stay_local(os.environ)
    try:
        asyncio.run(_run(options.port, options.state_dir))
    except LocalStackError as error:
        print(f"make dev: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(port: int, directory: Path) -> None:
    cancel_on_signal()
    progress = Progress()
    from attache_local.greeting import greeting  # a second of imports, which the time to be ready counts
    from attache_local.stack import local_stack

    try:
        async with local_stack(port, directory, dict(os.environ), progress) as ready:
            print(greeting(ready, progress.seconds), flush=True)
            await ready.run()
    except asyncio.CancelledError:
        progress.note("stopped")
        os._exit(0)  # all is closed; an ordinary exit would wait until a thread has imported LiteLLM


def cancel_on_signal() -> None:
    """The first signal starts the shutdown; further ones don't hurry it, or state would be lost."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop() -> None:
        for number in SIGNALS:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="attache_local", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="where the API is served (8000)")
    parser.add_argument(
        "--state-dir", type=Path, default=STATE, help="where sessions and all other state are kept (.attache)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
