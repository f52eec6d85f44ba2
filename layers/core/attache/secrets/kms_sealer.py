"""Envelope encryption: each value has its own data key, which is encrypted under one KMS key.

The place is part of KMS's encryption context and of AES-GCM's additional data, so a sealed value that is copied to
another app or name cannot be opened.
"""

from __future__ import annotations

import json
import os
from typing import Any

from botocore.exceptions import ClientError
from pydantic import SecretStr

from attache.aws import Aws
from attache.aws_errors import code_of, unavailable
from attache.secrets.sealer import CannotOpen, Place, Sealed

NONCE_BYTES = 12


class KmsSealer:
    """The Sealer of AWS and the local stack. `key` is the id, ARN or alias of a symmetric KMS key."""

    def __init__(self, aws: Aws, key: str) -> None:
        self._aws = aws
        self._key = key

    async def seal(self, value: SecretStr, place: Place) -> Sealed:
        """Encrypt a value, with one call of KMS (`GenerateDataKey`)."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        made = await self._call("generate_data_key", KeySpec="AES_256", EncryptionContext=_context(place))
        nonce = os.urandom(NONCE_BYTES)
        ciphertext = AESGCM(made["Plaintext"]).encrypt(nonce, value.get_secret_value().encode(), _bound_to(place))
        return Sealed(made["CiphertextBlob"], nonce, ciphertext)

    async def open(self, sealed: Sealed, place: Place) -> SecretStr:
        """Decrypt a value, with one call of KMS (`Decrypt`). Raises CannotOpen."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            opened = await self._call("decrypt", CiphertextBlob=sealed.data_key, EncryptionContext=_context(place))
            value = AESGCM(opened["Plaintext"]).decrypt(sealed.nonce, sealed.ciphertext, _bound_to(place))
        except InvalidTag as error:
            raise CannotOpen(f"The secret {place.name} is damaged; set it again.") from error
        except ClientError as error:
            raise CannotOpen(f"The secret {place.name} cannot be opened ({code_of(error)}).") from error
        return SecretStr(value.decode())

    async def _call(self, operation: str, **parameters: Any) -> Any:
        with unavailable("The key service"):
            return await self._aws.call("kms", operation, KeyId=self._key, **parameters)


def _context(place: Place) -> dict[str, str]:
    return {"scope": place.scope, "name": place.name}


def _bound_to(place: Place) -> bytes:
    return json.dumps([place.scope, place.name]).encode()
