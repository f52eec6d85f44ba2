"""Tables and bucket: reachable, restorable, with expiry, private."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong

DEPLOY = "deploy again: `sam deploy`"


async def tables(examined: Examined) -> list[Finding]:
    """Check both tables, by their descriptions."""
    outputs = examined.target.outputs
    named = {"sessions table": outputs.SessionsTable, "registry table": outputs.RegistryTable}
    return [finding for what, name in named.items() for finding in await _table(examined, what, name)]


async def _table(examined: Examined, what: str, name: str) -> list[Finding]:
    if not name:
        return [wrong(what, "the stack does not say its name", DEPLOY)]
    call = examined.target.aws.call
    table = (await call("dynamodb", "describe_table", TableName=name))["Table"]
    if examined.stage is None:
        return [ok(what, f"{name}: {table['TableStatus'].lower()}")]  # an embedded AWS forgets and restores nothing
    ttl = await call("dynamodb", "describe_time_to_live", TableName=name)
    backups = await call("dynamodb", "describe_continuous_backups", TableName=name)
    faults = list(_faults(what, table, ttl["TimeToLiveDescription"], backups["ContinuousBackupsDescription"]))
    if examined.stage == "prod" and not table.get("DeletionProtectionEnabled", False):
        faults.append(note(what, "may be deleted by mistake", "deploy with DeletionProtection=on"))
    return faults or [ok(what, f"{name}: active, restorable, forgets what has expired")]


def _faults(
    what: str, table: Mapping[str, Any], ttl: Mapping[str, Any], backups: Mapping[str, Any]
) -> Iterator[Finding]:
    if table["TableStatus"] != "ACTIVE":
        yield wrong(what, f"is {table['TableStatus']}", "wait; if it stays so, see the table's events in the console")
    if ttl.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING") or ttl.get("AttributeName") != "expires":
        yield wrong(what, "never forgets: time to live on `expires` is off", DEPLOY)
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if recovery != "ENABLED":
        yield wrong(what, "cannot be restored: point-in-time recovery is off", DEPLOY)


async def bucket(examined: Examined) -> list[Finding]:
    """Check the data bucket: reachable, and private."""
    name, call = examined.target.outputs.DataBucket, examined.target.aws.call
    await call("s3", "head_bucket", Bucket=name)
    block = await call("s3", "get_public_access_block", Bucket=name)
    if not all(block["PublicAccessBlockConfiguration"].values()):
        return [wrong("bucket", f"{name} may be made public", DEPLOY)]
    return [ok("bucket", f"{name}: reachable and private")]
