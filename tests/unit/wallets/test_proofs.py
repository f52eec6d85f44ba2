from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from siwe import SiweMessage

from attache.errors import AttacheError, BadInput, Unauthenticated
from attache.wallets.eth_keys_signatures import EthKeysSignatures
from attache.wallets.proofs import NONCE_LASTS, Proofs, Token
from tests.fakes.clock import FakeClock
from tests.fakes.proof_store import FakeProofStore
from tests.unit.wallets.wallet import Wallet

DAY = 86_400
DOMAIN = "api.shop.example"


class Desk:
    def __init__(self) -> None:
        self.clock, self.store, self.wallet = FakeClock(), FakeProofStore(), Wallet()
        self.proofs = Proofs(self.store, EthKeysSignatures(), self.clock, DAY)

    async def message(self, wallet: Wallet | None = None) -> str:
        return (await self.proofs.ask((wallet or self.wallet).address, DOMAIN)).text

    async def token(self) -> Token:
        message = await self.message()
        return await self.proofs.verify(message, self.wallet.sign(message))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_signed_message_is_exchanged_for_a_token(desk: Desk) -> None:
    token = await desk.token()
    assert token.expires == desk.clock.now() + DAY * 1000
    assert await desk.proofs.holder(token.token) == desk.wallet.address.lower()


async def test_only_a_tokens_digest_is_kept(desk: Desk) -> None:
    token = await desk.token()
    assert token.token not in repr(desk.store.tokens)
    assert len(desk.store.tokens) == 1


async def test_another_library_verifies_what_we_do(desk: Desk) -> None:
    message, now = await desk.message(), datetime.fromtimestamp(desk.clock.now() / 1000, UTC)
    SiweMessage.from_message(message).verify(desk.wallet.sign(message), domain=DOMAIN, timestamp=now)


async def test_a_message_is_used_once(desk: Desk) -> None:
    message = await desk.message()
    signature = desk.wallet.sign(message)
    await desk.proofs.verify(message, signature)
    with pytest.raises(Unauthenticated, match="used before"):
        await desk.proofs.verify(message, signature)


async def test_of_two_who_come_at_once_one_gets_a_token(desk: Desk) -> None:
    message = await desk.message()
    both = (desk.proofs.verify(message, desk.wallet.sign(message)) for _ in range(2))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Token", "Unauthenticated"]
    assert len(desk.store.tokens) == 1


async def test_a_message_expires(desk: Desk) -> None:
    message = await desk.message()
    desk.clock.forward(NONCE_LASTS / 1000)
    with pytest.raises(Unauthenticated, match="expired"):
        await desk.proofs.verify(message, desk.wallet.sign(message))


CHANGES: list[Callable[[str], str]] = [
    lambda message: message.replace(DOMAIN, "evil.example"),
    lambda message: message.replace("Sign in to show", "Give away"),
    lambda message: message.replace("Chain ID: 1", "Chain ID: 5"),
    lambda message: message.replace("Expiration Time: 2027", "Expiration Time: 2099"),
    lambda message: message + "\n",
    lambda message: message.replace("\n", "\r\n"),
    lambda message: f"Nonce: 0123456789\n{message}",
    lambda message: message.replace("Nonce: ", "Nonce: 0"),
    lambda message: "hello",
    lambda message: message + "x" * 5_000,
]


@pytest.mark.parametrize("change", CHANGES)
async def test_the_message_is_the_one_that_was_issued_to_the_letter(desk: Desk, change: Callable[[str], str]) -> None:
    """Signed all the same, by the right wallet."""
    message = await desk.message()
    changed = change(message)
    assert changed != message
    with pytest.raises((BadInput, Unauthenticated)):
        await desk.proofs.verify(changed, desk.wallet.sign(changed))
    await desk.proofs.verify(message, desk.wallet.sign(message))


async def test_a_message_in_the_name_of_another_wallet_is_refused(desk: Desk) -> None:
    other = Wallet()
    theirs = await desk.message(other)
    forged = theirs.replace(other.address, desk.wallet.address)
    for message in (theirs, forged):
        with pytest.raises(AttacheError):
            await desk.proofs.verify(message, desk.wallet.sign(message))
    assert desk.store.tokens == {}


async def test_a_wrong_signature_does_not_use_the_message_up(desk: Desk) -> None:
    message = await desk.message()
    with pytest.raises(Unauthenticated, match="not that of the message's address"):
        await desk.proofs.verify(message, Wallet().sign(message))
    await desk.proofs.verify(message, desk.wallet.sign(message))


@pytest.mark.parametrize(
    ("signature", "word"),
    [
        ("", "hexadecimal"),
        ("0x", "hexadecimal"),
        ("0xzz", "hexadecimal"),
        ("0x123", "hexadecimal"),
        ("0x" + "11" * 64, "64 bytes"),
        ("0x" + "11" * 300 + "6492" * 16, "Contract wallets"),
    ],
)
async def test_what_cannot_be_a_signature_is_refused(desk: Desk, signature: str, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        await desk.proofs.verify(await desk.message(), signature)


async def test_a_token_lasts_as_long_as_it_says(desk: Desk) -> None:
    token = await desk.token()
    desk.clock.forward(DAY - 1)
    await desk.proofs.holder(token.token)
    desk.clock.forward(1)
    with pytest.raises(Unauthenticated, match="expired"):
        await desk.proofs.holder(token.token)


@pytest.mark.parametrize("token", ["", "wt_", "wt_made-up", "sk-" + "x" * 43])
async def test_a_made_up_token_is_refused(desk: Desk, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await desk.proofs.holder(token)


async def test_a_token_is_looked_up_once_a_minute(desk: Desk) -> None:
    token = await desk.token()
    for _ in range(3):
        await desk.proofs.holder(token.token)
    assert desk.store.reads == 1
    desk.store.tokens.clear()
    desk.clock.forward(61)
    with pytest.raises(Unauthenticated):
        await desk.proofs.holder(token.token)
