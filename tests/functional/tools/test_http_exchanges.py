"""HTTP exchanges against servers that are slow, broken, huge or gone."""

from __future__ import annotations

import asyncio
import gc
import gzip
from contextlib import suppress

import pytest

from attache.tools.guarded_network import GuardedNetwork
from attache.tools.http_exchange import MAX_BODY, Exchanges
from tests.functional.tools.calling import reading, run, writing
from tests.functional.tools.wire import Reply, Wire, answering, dripping, endless, raw, silence, wire


async def test_of_50_mb_one_is_read(exchanges: Exchanges) -> None:
    async with wire(endless()) as served:
        result = await run(exchanges, reading(served))
        await served.gone.wait()
        assert served.written < 20 * MAX_BODY  # what the sockets' buffers took besides
    assert f"Only the first {MAX_BODY:,} bytes" in result.text
    assert len(result.text) < 20_000


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (raw(b""), "closed, or spoke no HTTP"),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "closed, or spoke no HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-le"), "closed, or spoke no HTTP"),
        (
            raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"),
            "broke off in the middle of the answer (status 200)",
        ),
        (raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), "broke off in the middle"),
        (answering(b"no gzip", content_encoding="gzip"), "broke off in the middle"),
        (answering(gzip.compress(b"{}")[:-4], content_encoding="gzip"), "broke off in the middle"),
        (answering(b"?", content_encoding="br"), "broke off in the middle"),
    ],
)
async def test_no_whole_answer_is_an_error_or_an_unknown_outcome(
    exchanges: Exchanges, reply: Reply, words: str
) -> None:
    async with wire(reply) as served:
        read = await run(exchanges, reading(served))
        assert (read.outcome, words in read.text) == ("error", True), read
        sent_for_reading = len(served.requests)
        wrote = await run(exchanges, writing(served), amount=1)
        assert (wrote.outcome, words in wrote.text) == ("outcome_unknown", True), wrote
        assert len(served.requests) == sent_for_reading + 1
    assert "do not send it again" in wrote.text


@pytest.mark.parametrize("reply", [silence, dripping(0.01)])
async def test_a_server_that_is_too_slow_is_timed_out(exchanges: Exchanges, reply: Reply) -> None:
    async with wire(reply) as served:
        read = await run(exchanges, reading(served, timeout=1))
        assert read.outcome == "timed_out"
        assert "no whole answer came in time (1 s)" in read.text
        wrote = await run(exchanges, writing(served, timeout=1), amount=1)
        assert wrote.outcome == "outcome_unknown"


async def test_what_was_never_sent_is_said_to_be(exchanges: Exchanges) -> None:
    async with wire(answering()) as served:
        pass
    result = await run(exchanges, writing(served), amount=1)
    assert result.outcome == "error"
    assert "Nothing was sent" in result.text


async def test_a_compressed_answer_is_unpacked_and_a_bomb_is_not(exchanges: Exchanges) -> None:
    async with wire(answering(gzip.compress(b'{"a": 1}'), content_encoding="gzip")) as served:
        assert (await run(exchanges, reading(served))).text == '{"a":1}'
    bomb = gzip.compress(b"0" * 100_000_000, compresslevel=1)
    async with wire(answering(bomb, content_encoding="gzip")) as served:
        assert f"Only the first {MAX_BODY:,} bytes" in (await run(exchanges, reading(served))).text


async def test_reads_share_a_connection_and_writes_have_their_own(exchanges: Exchanges) -> None:
    async with wire(answering()) as served:
        for _ in range(3):
            await run(exchanges, reading(served))
        assert served.connections == 1
        for _ in range(3):
            await run(exchanges, writing(served), amount=1)
        assert served.connections == 4


async def test_a_kept_connection_that_was_closed_does_not_cost_the_call(exchanges: Exchanges) -> None:
    count = 0

    async def closing_on_the_second(served: Wire, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        if count == 2:
            writer.close()
        else:
            await answering()(served, writer)

    async with wire(closing_on_the_second) as served:
        assert (await run(exchanges, reading(served))).outcome == "ok"
        assert (await run(exchanges, reading(served))).outcome == "ok"
        assert served.connections == 2


async def test_a_cookie_of_one_user_is_not_sent_for_another(exchanges: Exchanges) -> None:
    async with wire(answering(set_cookie="session=alice")) as served:
        await run(exchanges, reading(served))
        await run(exchanges, reading(served))
        assert "alice" not in "".join(served.requests)


async def test_a_proxy_in_the_environment_is_not_used(exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with wire(answering()) as served:
        assert (await run(exchanges, reading(served))).outcome == "ok"


async def test_calls_run_at_the_same_time(exchanges: Exchanges) -> None:
    together = asyncio.Barrier(3)

    async def meeting(served: Wire, writer: asyncio.StreamWriter) -> None:
        await together.wait()
        await answering()(served, writer)

    async with wire(meeting) as served:
        results = await asyncio.gather(*(run(exchanges, reading(served, timeout=5)) for _ in range(3)))
    assert [result.outcome for result in results] == ["ok"] * 3


async def test_cancelling_hangs_up(exchanges: Exchanges) -> None:
    async with wire(dripping(0.01)) as served:
        task = asyncio.create_task(run(exchanges, reading(served)))
        await served.asked.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await served.gone.wait()


async def test_this_machine_is_not_reached_unless_the_stack_is_local() -> None:
    async with wire(answering()) as served:
        exchanges = Exchanges()
        result = await run(exchanges, writing(served), amount=1)
        assert result.outcome == "error"
        assert "localhost is a loopback address, which tools do not reach. Nothing was sent." in result.text
        assert not served.connections


async def test_a_declared_name_that_resolves_to_this_machine_is_refused_even_there() -> None:
    async def lying(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with wire(answering()) as served:
        exchanges = Exchanges(GuardedNetwork(allow_loopback=True, resolve=lying))
        result = await run(exchanges, reading(served, server=f"http://api.example.com:{served.port}"))
        assert "api.example.com is a loopback address" in result.text
        assert not served.connections


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_new_event_loop_has_new_connections() -> None:
    exchanges = Exchanges(GuardedNetwork(allow_loopback=True))

    async def once(*, last: bool) -> str:
        async with wire(answering()) as served:
            result = await run(exchanges, reading(served))
        if last:
            await exchanges.close()
        return result.outcome

    assert [asyncio.run(once(last=last)) for last in (False, True)] == ["ok", "ok"]
    gc.collect()  # the first loop's connections are nobody's now
