"""A program at a terminal, and whoever types there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 30.0  # seconds


class Terminal:
    """Reads what a program shows, and types."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = ""
        self.shown = ""

    def until(self, pattern: str) -> str:
        """What is shown up to the first match of the pattern, and no further. Fails after half a minute."""
        until = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self._unread)) is None:
            ready, _, _ = select.select([self._descriptor], [], [], max(until - time.monotonic(), 0))
            assert ready, f"no {pattern!r} after: {self.shown}"
            self._take()
        said, self._unread = self._unread[: found.end()], self._unread[found.end() :]
        return said

    def type(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())

    def press(self, letter: str) -> None:
        """A letter with the control key."""
        os.write(self._descriptor, bytes([ord(letter) - ord("@")]))

    def _take(self) -> None:
        try:
            read = os.read(self._descriptor, 10_000)
        except OSError:  # the program is gone
            read = b""
        assert read, f"it ended after: {self.shown}"
        news = read.decode(errors="replace").replace("\r", "")
        self._unread += news
        self.shown += news


@contextmanager
def terminal(command: Sequence[str], folder: Path) -> Iterator[Terminal]:
    """The program at a terminal of its own; at the end somebody presses Ctrl-D, and it ends well."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        command,
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=folder,
        env=_environment(),
        start_new_session=True,
        preexec_fn=_hears_the_terminal,
    ) as process:
        os.close(its)
        try:
            shown = Terminal(ours)
            yield shown
            shown.until("> $")
            shown.press("D")
            assert process.wait(PATIENCE) == 0, shown.shown
        finally:
            process.kill()
            os.close(ours)


def _hears_the_terminal() -> None:
    """The terminal is its own, so that its keys are signals; what is started in the background ignores Ctrl-C."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _environment() -> dict[str, str]:
    """Wide, plain, and without a proxy between."""
    return {**os.environ, "TERM": "dumb", "COLUMNS": "400", "NO_COLOR": "1", "no_proxy": "127.0.0.1"}
