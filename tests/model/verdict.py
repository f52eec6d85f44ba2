"""What must be true of a world that has come to rest, whatever befell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attache.sessions.entries import OutcomeOf
from tests.model.clients import Chat, text_in
from tests.model.far_things import ORDER, SAFE
from tests.model.followers import Follower, texts_in
from tests.model.script import NAME, bare, script_of
from tests.model.story import ToldTurn
from tests.model.world import World

TAKEN_WITHIN = 37_000  # milliseconds after the last sign of life: 35 s, and 2 s for clocks


class Violation(Exception):
    """What must always be true was not."""


def check(world: World) -> None:
    """Raises Violation with all that is wrong."""
    wrong = [*world.violations, *world.provider.faults, *world.story().faults, *_wrong(world)]
    if wrong:
        raise Violation("\n".join(dict.fromkeys(wrong)))


def check_so_far(world: World) -> None:
    """What must be true at any moment. Raises Violation."""
    wrong = [*world.violations, *world.provider.faults, *world.story().faults, *_sendings(world)]
    if wrong:
        raise Violation("\n".join(dict.fromkeys(wrong)))


def _wrong(world: World) -> Iterator[str]:
    story = world.story()
    for turn in story.turns:
        yield from _turn(world, turn)
    for chat in world.chats:
        yield from _chat(chat, [turn for turn in story.turns if turn.message == chat.name], story.born)
    yield from _sendings(world)
    yield from _shown(world)
    yield from _prompts(world)
    for follower in world.followers:
        yield from _followed(world, follower)
    if world.calm and any(turn.takeovers for turn in story.turns):
        yield "a turn was taken over although nothing was wrong with its runner"
    if world.prompt and any(turn.quiet > TAKEN_WITHIN for turn in story.turns):
        yield "a turn lay for longer than 35 s"
    if world.delivered > story.events:
        yield f"{world.delivered} system events were delivered, there were {story.events}"


def _turn(world: World, turn: ToldTurn) -> Iterator[str]:
    if not turn.over:
        yield f"turn {turn.cause} ({turn.message}) does not end"
    whole, said = bare(script_of(world.scripts, turn.message).text), bare(turn.text)
    done = turn.end is not None and turn.end.status == "done"
    if said != whole if done else not whole.startswith(said):
        yield f"turn {turn.cause} has said {turn.text!r} instead of {whole!r}"


def _chat(chat: Chat, turns: list[ToldTurn], born: int | None) -> Iterator[str]:
    """A stream that has ended said what history says. Sessions that were deleted have a history of their own."""
    if chat.accepted and not turns:
        yield f"{chat.name} was accepted, and is not in the log"
    told_of_deletion = chat.final is not None and "deleted" in chat.final.get("message", "")
    if chat.final is None or (told_of_deletion and any(turn.deleted or turn.born != born for turn in turns)):
        return
    over = [turn for turn in turns if turn.over]
    if chat.text not in (stored := [turn.text for turn in over]):
        yield f"the stream of {chat.name} said {chat.text!r}, history says {stored}"
    statuses = {turn.end.status if turn.end else "interrupted" for turn in over}
    if chat.final.get("status", "failed") not in statuses:
        yield f"the stream of {chat.name} ended with {chat.final}, its turn with {statuses}"


def _sendings(world: World) -> Iterator[str]:
    """A call that may change something is recorded before it is sent, and sent at most once in a turn."""
    orders, recorded = Counter[tuple[str, int]](), world.story().recorded
    for call in (sending.call for sending in world.tools.reached if sending.call.name != SAFE):
        if call.call_id not in recorded:
            yield f"{call} was sent, and never recorded"
        elif call.name == ORDER and call.call_id not in world.story().approved:
            yield f"{call} was sent without approval"
        else:
            orders[call.arguments, recorded[call.call_id]] += 1
    yield from (f"The call with {order} was received {n} times" for (order, _), n in orders.items() if n > 1)


def _followed(world: World, follower: Follower) -> Iterator[str]:
    """A snapshot and the updates behind it have every text that is in history, once, every end, and every callback.

    Who comes back when everything has expired may have an id that is given again: the head knows ends only.
    """
    if world.empty:
        return
    for message_id, text in texts_in(world.shown) if world.shown else ():
        if follower.texts.get(message_id) != text:
            yield f"updates told {follower.texts.get(message_id)!r} as message {message_id}, history has {text!r}"
    base = max(follower.base, (world.story().born or 1) - 1)
    heard = [stored.entry for stored in world.table.tape if base < stored.entry.number <= follower.number]
    ends = [entry.number for entry in heard if entry.kind == "end"]
    if follower.ended != len(ends):
        yield f"updates told of {follower.ended} ends after {follower.base}, there are {ends}"
    back = [entry.number for entry in heard if isinstance(entry.body, OutcomeOf) and entry.body.calls_back]
    if follower.called_back != len(back):
        yield f"updates told of {follower.called_back} calls that came back after {follower.base}, there are {back}"


def _shown(world: World) -> Iterator[str]:
    """The last snapshot has every message once, with its answer; after a long time it may have forgotten both."""
    if world.shown is None:
        return
    messages = Counter(message["content"] for message in world.shown["messages"] if message["sender"] == "user")
    if not world.long:
        wallet = sorted(asked.id for asked in world.story().pending.values() if asked.kind == "wallet_tx")
        shown = sorted((world.shown["user_state"] or {}).get("pending_txs", ()))
        if shown != wallet:
            yield f"the snapshot has {shown} for the wallet, pending are {wallet}"
    for turn in world.story().turns:
        if not NAME.fullmatch(turn.message):
            continue
        if turn.born == world.story().born and (messages[turn.message] or not world.long):
            if messages[turn.message] != 1:
                yield f"the snapshot has {turn.message} {messages[turn.message]} times"
            if text_in(world.shown, turn.message) != turn.text:
                yield f"the snapshot answers {turn.message} with {text_in(world.shown, turn.message)!r}"


def _prompts(world: World) -> Iterator[str]:
    """A prompt has every earlier message of its session once, in a summary or word for word, and no other session's."""
    for shown in dict.fromkeys(world.provider.shown):
        mine = [turn for turn in world.story().turns if turn.message == shown[-1]]
        if not world.long and not any(_is_whole(world, shown, turn) for turn in mine):
            yield f"a prompt for {shown[-1]} shows {shown}, which is not what was said before"


def _is_whole(world: World, shown: tuple[str, ...], answered: ToldTurn) -> bool:
    before = [turn for turn in world.story().turns if turn.born == answered.born and turn.cause <= answered.cause]
    said = [turn.message for turn in before if not turn.withdrawn or turn.message in shown]
    return sorted(shown) == sorted(name for name in said if NAME.fullmatch(name))
