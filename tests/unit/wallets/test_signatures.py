from __future__ import annotations

import pytest

from attache.errors import BadInput
from attache.wallets.eth_keys_signatures import EthKeysSignatures
from tests.unit.wallets.wallet import Wallet

CHECKED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # of EIP-55 itself
OURS = EthKeysSignatures()


def test_an_address_gets_its_checksum() -> None:
    for spelled in (CHECKED, CHECKED.lower(), "0x" + CHECKED[2:].upper()):
        assert OURS.address(spelled) == CHECKED


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Ethereum"),
        (CHECKED[2:], "Ethereum"),
        (CHECKED[:-1], "Ethereum"),
        (CHECKED[:-1] + "g", "Ethereum"),
        ("7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV", "Ethereum"),
        (CHECKED[:-1] + "D", "checksum"),
        (CHECKED.replace("a", "A", 1), "checksum"),
    ],
)
def test_what_is_no_address_is_refused(text: str, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        OURS.address(text)


@pytest.mark.parametrize("message", ["hello", "", "Grüße, 東京\n\nzwei", "x" * 4000])
def test_the_signer_of_a_message_is_found(message: str) -> None:
    wallet = Wallet()
    signature = bytes.fromhex(wallet.sign(message)[2:])
    assert OURS.signer(message, signature) == wallet.address
    assert OURS.signer(message, signature[:64] + bytes([signature[64] - 27])) == wallet.address
    assert OURS.signer(message + ".", signature) != wallet.address


def test_a_known_signature() -> None:
    """From the documentation of web3.js, `eth.accounts.sign`."""
    signature = (
        "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd"
        "6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"
    )
    assert OURS.signer("Some data", bytes.fromhex(signature)) == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


def test_a_signature_out_of_range_is_none() -> None:
    assert OURS.signer("hello", b"\xff" * 64 + b"\x1b") is None
    assert OURS.signer("hello", b"\x01" * 64 + b"\x1d") is None
