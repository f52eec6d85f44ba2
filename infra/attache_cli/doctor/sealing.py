"""The KMS key that seals secrets: what is sealed opens again, and opens nowhere else."""

from __future__ import annotations

from uuid import uuid4

from pydantic import SecretStr

from attache.errors import AttacheError
from attache.secrets.kms_sealer import KmsSealer
from attache.secrets.sealer import Place
from attache_cli.doctor.finding import Examined, Finding, ok, wrong

RIGHTS = "whoever looks needs kms:GenerateDataKey and kms:Decrypt on it; see that it is enabled and not being deleted"


async def sealing(examined: Examined) -> list[Finding]:
    """Seal and open a value, at a place that no secret has."""
    key = examined.target.outputs.SecretsKey
    sealer, value = KmsSealer(examined.target.aws, key), SecretStr(str(uuid4()))
    place = Place("doctor", "ROUND_TRIP")
    try:
        opened = await sealer.open(await sealer.seal(value, place), place)
    except AttacheError as error:
        return [wrong("key", f"what it seals does not open: {error}", RIGHTS)]
    if opened.get_secret_value() != value.get_secret_value():
        return [wrong("key", "what it seals opens as something else", RIGHTS)]
    return [ok("key", "seals and opens")]
