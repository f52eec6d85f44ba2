"""Reading in a process of its own: a hostile file costs that process, and finds nothing there to steal.

`python -m attache.documents.reading_process PATH` reads a document from standard input and writes it as JSON. It may
take only so much time and memory, and has none of our variables, where AWS's credentials are.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

from attache.documents.passage import Block, Reading, Unreadable
from attache.documents.readers import read_document

SECONDS = 60
AT_ONCE = 2
MEMORY = 768 * 2**20
TOO_LONG = f"Reading this file takes over {SECONDS} seconds."
TOO_MUCH = f"Reading this file takes over {MEMORY // 2**20} MB of memory. Divide it."


@dataclass(frozen=True)
class ReadingProcess:
    """Reads documents, each in a process of its own. `libraries` is where the interpreter finds its own (on Lambda)."""

    libraries: str | None = None
    seconds: float = SECONDS
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def read(self, path: str, content: bytes) -> Reading:
        """What a document says. Raises Unreadable, whatever is wrong with it."""
        async with self.free:
            return await self._read(path, content)

    async def _read(self, path: str, content: bytes) -> Reading:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            path,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self.environment(),
        )
        try:
            async with asyncio.timeout(self.seconds):
                output, _ = await process.communicate(content)
        except TimeoutError:
            raise Unreadable(TOO_LONG) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _answered(output, process.returncode)

    def environment(self) -> dict[str, str]:
        """All that the process is told of this one."""
        libraries = {"LD_LIBRARY_PATH": self.libraries} if self.libraries else {}
        return {"PYTHONPATH": ":".join(filter(None, sys.path)), **libraries}


def _answered(output: bytes, code: int | None) -> Reading:
    try:
        said = json.loads(output)
    except ValueError:
        raise Unreadable(TOO_LONG if code == -signal.SIGXCPU else f"This file ends its reader ({code}).") from None
    if "unreadable" in said:
        raise Unreadable(said["unreadable"])
    blocks = tuple(Block(each["text"], tuple(each["headings"]), each["page"]) for each in said["blocks"])
    return Reading(said["title"], blocks)


def main() -> None:
    """The child's whole life."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdout.write(json.dumps(_answer(sys.argv[1], sys.stdin.buffer.read())))


def _answer(path: str, content: bytes) -> dict[str, Any]:
    try:
        return asdict(read_document(path, content))
    except Unreadable as error:
        return {"unreadable": str(error)}
    except MemoryError:
        return {"unreadable": TOO_MUCH}
    except Exception as error:  # noqa: BLE001  the outermost layer: damaged files make parsers raise anything
        return {"unreadable": f"This file is damaged: reading it ends with {type(error).__name__}."}


if __name__ == "__main__":
    main()
