"""What every function is wired with: keys, secrets, sessions and queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from attache.aws import Aws
from attache.clock import Clock
from attache.keys import Keys
from attache.keys.dynamo_keys import DynamoKeys
from attache.sessions.dynamo_sessions import DynamoSessions
from attache.sessions.s3_blobs import S3Blobs
from attache.sessions.sessions import Periods, Sessions
from attache.sessions.updates import Updates
from attache.settings import Settings
from attache.telemetry.meter import Meter, NoMeter
from attache.turns.sqs_jobs import SqsJobs
from attache.turns.sqs_wakeups import SqsWakeups
from attache.turns.timings import Timings

if TYPE_CHECKING:
    from attache.models.watched_models import Span
    from attache.secrets import Secrets
    from attache.usage.usage import UsageSink


@dataclass(frozen=True)
class Stores:
    """The settings of a process, and the stores and queues that they name; each part is made on first use."""

    settings: Settings
    aws: Aws
    environ: Mapping[str, str]
    clock: Clock
    timings: Timings
    meter: Meter = field(default_factory=NoMeter, kw_only=True)
    span: Span | None = field(default=None, kw_only=True)

    @cached_property
    def keys(self) -> Keys:
        return Keys(DynamoKeys(self.aws, self.settings.registry_table), self.clock)

    @cached_property
    def secrets(self) -> Secrets:
        from attache.secrets import Secrets
        from attache.secrets.dynamo_secrets import DynamoSecrets
        from attache.secrets.kms_sealer import KmsSealer

        store = DynamoSecrets(self.aws, self.settings.registry_table, self.clock)
        return Secrets(store, KmsSealer(self.aws, self.settings.secrets_key), self.clock)

    @cached_property
    def sessions(self) -> Sessions:
        periods = Periods(int(self.timings.dead * 1000), int(self.timings.purge * 1000))
        return Sessions(self._table, self._wakeups, self._blobs, self.clock, periods=periods)

    @cached_property
    def updates(self) -> Updates:
        return Updates(self.sessions, self.clock)

    @cached_property
    def turns_queue(self) -> SqsJobs:
        return SqsJobs(self.aws, self.settings.turns_queue_url)

    @cached_property
    def tool_calls_queue(self) -> SqsJobs:
        return SqsJobs(self.aws, self.settings.tool_calls_queue_url)

    @cached_property
    def documents_queue(self) -> SqsJobs:
        return SqsJobs(self.aws, self.settings.documents_queue_url)

    @cached_property
    def _usage(self) -> UsageSink:
        from attache.usage.counted_usage import CountedUsage
        from attache.usage.dynamo_usage import DynamoUsage

        return CountedUsage(DynamoUsage(self.aws, self.settings.registry_table), self.meter)

    @cached_property
    def _table(self) -> DynamoSessions:
        return DynamoSessions(self.aws, self.settings.sessions_table, self.clock)

    @cached_property
    def _wakeups(self) -> SqsWakeups:
        return SqsWakeups(self.turns_queue)

    @cached_property
    def _blobs(self) -> S3Blobs:
        return S3Blobs(self.aws, self.settings.data_bucket)
