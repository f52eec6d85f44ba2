"""Proving a wallet: get a nonce, sign its message, and exchange the signature for a token."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import BadInput, Unauthenticated
from attache.wallets.proof_store import Granted, Issued, ProofStore
from attache.wallets.sign_in import SignIn, digest_of, nonce_of
from attache.wallets.signatures import Signatures
from attache.wallets.wallet import wallet_name

NONCE_LASTS = 600_000  # milliseconds
PREFIX = "wt_"
KNOWN_SECONDS = 60  # how long a token that was removed may still be taken
MOST_KNOWN = 1_000
MOST_CHARACTERS = 4_000  # of a message
_SIGNATURE = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})+)", re.ASCII)
_BYTES = 65


@dataclass(frozen=True)
class Token:
    """What the client sends as proof; `expires` is in milliseconds."""

    token: str
    expires: int


class Proofs:
    """Nonces, messages and tokens. A token lasts `token_lasts` seconds."""

    def __init__(self, store: ProofStore, signatures: Signatures, clock: Clock, token_lasts: int) -> None:
        self._store = store
        self._signatures = signatures
        self._clock = clock
        self._token_lasts = token_lasts * 1000
        self._known: TimedCache[str, Granted] = TimedCache(clock, KNOWN_SECONDS, MOST_KNOWN)

    async def ask(self, public_key: str, domain: str) -> SignIn:
        """The message for this wallet to sign within ten minutes. Raises BadInput."""
        address = await asyncio.to_thread(self._signatures.address, public_key)
        now = self._clock.now()
        asked = SignIn(domain, address, secrets.token_hex(16), now, now + NONCE_LASTS)
        await self._store.issue(Issued(asked.nonce, wallet_name(address), digest_of(asked.text), asked.expires))
        return asked

    async def verify(self, message: str, signature: str) -> Token:
        """A token for the wallet that signed the message, whose nonce is spent. Raises BadInput, Unauthenticated.

        The message must be exactly the one that was issued: clients choose neither its domain nor its words.
        """
        signed = _bytes_of(signature)
        issued = await self._issued(message)
        signer = await asyncio.to_thread(self._signatures.signer, message, signed)
        if signer is None or wallet_name(signer) != issued.wallet:
            raise Unauthenticated(
                "The signature is not that of the message's address: sign the message as text (personal_sign), with "
                "that account. Contract wallets (ERC-1271) are not supported."
            )
        if not await self._store.spend(issued.nonce):
            raise _spent()
        token = PREFIX + secrets.token_urlsafe(32)
        granted = Granted(digest_of(token), issued.wallet, self._clock.now() + self._token_lasts)
        await self._store.grant(granted)
        return Token(token, granted.expires)

    async def holder(self, token: str) -> str:
        """The wallet that this token proves, as a normalised name. Raises Unauthenticated."""
        granted = await self._granted(token) if token.startswith(PREFIX) else None
        if granted is None or granted.expires <= self._clock.now():
            raise Unauthenticated("This X-Wallet-Token is unknown or has expired: sign in again at /api/wallet/nonce.")
        return granted.wallet

    async def _issued(self, message: str) -> Issued:
        nonce = nonce_of(message) if len(message) <= MOST_CHARACTERS else None
        if nonce is None:
            raise BadInput("This is no message of GET /api/wallet/nonce: ask for one, and sign it as it is.")
        issued = await self._store.issued(nonce)
        if issued is None:
            raise _spent()
        if issued.digest != digest_of(message):
            raise BadInput("This is not the message that was issued with its nonce: sign that one, to the letter.")
        if issued.expires <= self._clock.now():
            raise Unauthenticated("This message has expired: ask for another at GET /api/wallet/nonce.")
        return issued

    async def _granted(self, token: str) -> Granted | None:
        digest, asked = digest_of(token), self._clock.now()
        if kept := self._known.get(digest):
            return kept.value
        granted = await self._store.granted(digest)
        if granted is not None:
            self._known.put(digest, granted, asked)
        return granted


def _bytes_of(signature: str) -> bytes:
    found = _SIGNATURE.fullmatch(signature)
    if found is None:
        raise BadInput("The signature must be hexadecimal: 0x and 130 digits.")
    signed = bytes.fromhex(found[1])
    if len(signed) != _BYTES:
        raise BadInput(
            f"The signature has {len(signed)} bytes and not {_BYTES}. Contract wallets (ERC-1271, ERC-6492) are not "
            "supported: sign with an account that has a key of its own."
        )
    return signed


def _spent() -> Unauthenticated:
    return Unauthenticated("This nonce is unknown, or was used before: ask for another at GET /api/wallet/nonce.")
