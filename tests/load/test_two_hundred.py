"""Two hundred sessions at once on one machine, each with several turns, a third of them interrupted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.stack_process import StackProcess
from tests.load.clients import Client, Said, answer_in
from tests.load.conftest import clients
from tests.load.echo import echoed

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(300)]

SESSIONS = 200
FIRST, SECOND, THIRD = "Hello?", "Price of one, two, three, four, five, six, seven, eight?", "Good bye."


async def test_no_message_is_lost_and_no_session_stuck(stack: StackProcess) -> None:
    seconds: dict[str, list[float]] = {"started": [], "first word": [], "turn": [], "interrupt": []}
    async with clients(stack) as made:
        await made.new().say(FIRST)
        began, mine, used = time.monotonic(), time.process_time(), cpu(stack)
        await asyncio.gather(*(user(made.new(), at % 3 == 2, seconds) for at in range(SESSIONS)))
    took = time.monotonic() - began
    print(f"\n{SESSIONS} sessions, {3 * SESSIONS} turns in {took:.1f} s: {3 * SESSIONS / took:.1f} turns a second")
    for what, values in seconds.items():
        ordered = sorted(values)
        print(f"{what}: median {ordered[len(ordered) // 2]:.2f} s, worst {ordered[-1]:.2f} s")
    print(f"processor of the client and the provider: {time.process_time() - mine:.1f} s")
    print("processor of the stack:", {name: f"{now - used[name]:.1f} s" for name, now in cpu(stack).items()})


async def user(client: Client, interrupts: bool, seconds: dict[str, list[float]]) -> None:
    answers = [await said(client, FIRST, seconds)]
    if interrupts:
        answers.append(await interrupted(client, seconds))
    else:
        answers.append(await said(client, SECOND, seconds))
    answers.append(await said(client, THIRD, seconds))
    snapshot = await client.state()
    assert not snapshot["is_processing"]
    messages = snapshot["messages"]
    assert [m["content"] for m in messages if m["sender"] == "user"] == [FIRST, SECOND, THIRD]
    for at, answer in enumerate(answers):
        asked = [place for place, m in enumerate(messages) if m["sender"] == "user"] + [len(messages)]
        assert answer.text == answer_in({"messages": messages[asked[at] : asked[at + 1]]})
        assert answer.text.strip() == echoed((FIRST, SECOND, THIRD)[at]) or (interrupts and at == 1)
    assert client.refusals == client.cuts == 0


async def said(client: Client, message: str, seconds: dict[str, list[float]]) -> Said:
    began, answer = time.monotonic(), Said()
    talking = asyncio.create_task(client.say(message, answer))
    await answer.accepted.wait()
    seconds["started"].append(time.monotonic() - began)
    await answer.begun.wait()
    seconds["first word"].append(time.monotonic() - began)
    await talking
    seconds["turn"].append(time.monotonic() - began)
    assert answer.last
    assert answer.last["type"] == "complete", answer.last
    return answer


async def interrupted(client: Client, seconds: dict[str, list[float]]) -> Said:
    answer = Said()
    talking = asyncio.create_task(client.say(SECOND, answer))
    await answer.begun.wait()
    began = time.monotonic()
    snapshot = await client.interrupt()
    seconds["interrupt"].append(time.monotonic() - began)
    assert not snapshot["is_processing"]
    await talking
    assert answer.last
    assert answer.last["status"] == ("interrupted" if snapshot["interrupted"] else "done")
    return answer


def cpu(stack: StackProcess) -> Counter[str]:
    """Seconds of processor that each part of the stack has used."""
    processes = {"functions": stack.process.pid, "embedded AWS": stack.aws_pid}
    return Counter({name: ticks(pid) / 100 for name, pid in processes.items()})


def ticks(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return float(fields[11]) + float(fields[12])
