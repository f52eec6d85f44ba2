"""Hostile files: each costs a process of its own, and nothing else."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from attache.documents.passage import Unreadable
from attache.documents.reading_process import MEMORY, TOO_LONG, ReadingProcess
from tests.unit.documents.pdfs import pdf


async def refused(path: str, content: bytes, seconds: float = 60) -> str:
    with pytest.raises(Unreadable) as raised:
        await ReadingProcess(seconds=seconds).read(path, content)
    return str(raised.value)


def bomb(size: int) -> bytes:
    """A page of a few kilobytes that says, unpacked, as much as `size`."""
    packed = zlib.compress(b"0 0 m " * (size // 6), 9)
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
    return re.sub(rb"<< /Length \d+ >>.*?endstream", lambda _: stream, pdf(["x"]), flags=re.DOTALL)


async def test_a_document_is_read_as_if_it_were_read_here() -> None:
    reading = await ReadingProcess().read("a.md", b"# T\n\n## H\n\nText.\n")
    assert (reading.title, reading.blocks[0].headings, reading.blocks[0].text) == ("T", ("H",), "Text.")
    assert (await ReadingProcess().read("a.pdf", pdf(["One."]))).blocks[0].page == 1


async def test_what_is_wrong_is_said_here() -> None:
    assert "UTF-8" in await refused("a.md", b"\xff")


async def test_a_file_that_takes_too_long_is_given_up() -> None:
    assert await refused("a.md", b"x" * 5_000_000, seconds=0.01) == TOO_LONG


async def test_a_bomb_takes_no_more_than_its_memory() -> None:
    content = bomb(600_000_000)
    assert len(content) < 1_000_000
    why = await refused("a.pdf", content)
    assert any(word in why for word in (f"{MEMORY // 2**20} MB", "damaged", "no text"))


async def test_a_damaged_file_is_damaged_and_no_fault_of_ours() -> None:
    whole = pdf(["One.", "Two."])
    for at in range(20, len(whole), 97):
        with suppress(Unreadable):
            await ReadingProcess().read("a.pdf", whole[:at] + b"<<[[" + whole[at + 4 :])


async def test_the_reader_knows_none_of_our_variables() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import os; print(sorted(os.environ))",
        stdout=asyncio.subprocess.PIPE,
        env=ReadingProcess("/lib/of/lambda").environment(),
    )
    output, _ = await process.communicate()
    assert set(eval(output)) <= {"LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH"}  # LC_CTYPE is Python's own
    assert os.environ.keys() > {"PATH"}


async def test_reading_leaves_no_process_behind(tmp_path: Path) -> None:
    reading = asyncio.create_task(ReadingProcess().read("a.md", b"x" * 5_000_000))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not b"".join(children())


def children() -> list[bytes]:
    """The command lines of this process' children that read documents."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]
    return [line for line in lines if b"reading_process" in line]
