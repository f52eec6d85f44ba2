"""Ethereum addresses and signatures with the eth-keys library, which is imported on first use."""

from __future__ import annotations

from attache.errors import BadInput

_V = {0: 0, 1: 1, 27: 0, 28: 1}  # wallets end a signature with either; the library takes 0 and 1


class EthKeysSignatures:
    """The Signatures of AWS and the local stack."""

    def address(self, text: str) -> str:
        from eth_utils.address import (
            is_checksum_address,
            is_checksum_formatted_address,
            is_hex_address,
            to_checksum_address,
        )

        if not text.startswith(("0x", "0X")) or not is_hex_address(text):
            raise BadInput("The public key is not an Ethereum address: only such a wallet can be proven.")
        if is_checksum_formatted_address(text) and not is_checksum_address(text):
            raise BadInput("The address has a wrong checksum (EIP-55): check it, or send it in lower case.")
        return to_checksum_address(text)

    def signer(self, message: str, signature: bytes) -> str | None:
        from eth_keys.datatypes import Signature
        from eth_keys.exceptions import BadSignature
        from eth_utils.crypto import keccak
        from eth_utils.exceptions import ValidationError

        v = _V.get(signature[64])
        if v is None:
            return None
        body = message.encode()
        signed = keccak(b"\x19Ethereum Signed Message:\n" + str(len(body)).encode() + body)
        try:
            key = Signature(signature[:64] + bytes([v])).recover_public_key_from_msg_hash(signed)
        except (BadSignature, ValidationError):
            return None
        return key.to_checksum_address()
