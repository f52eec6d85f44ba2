"""The composition root: settings in, the connected service out. Nothing else reads the environment.

Parts that only some functions need are imported when they are made, so that the others start faster.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attache.aws import Aws
from attache.clock import Clock
from attache.keys import Keys
from attache.keys.dynamo_keys import DynamoKeys
from attache.sessions.dynamo_sessions import DynamoSessions
from attache.sessions.s3_blobs import S3Blobs
from attache.sessions.sessions import Periods, Sessions
from attache.sessions.updates import Updates
from attache.settings import Settings, SettingsWrong
from attache.telemetry.meter import Meter, NoMeter
from attache.telemetry.powertools_logs import log_as_json
from attache.telemetry.powertools_meter import PowertoolsMeter
from attache.telemetry.powertools_traces import PowertoolsTraces, TracedMeter
from attache.turns.sqs_jobs import SqsJobs
from attache.turns.sqs_wakeups import SqsWakeups
from attache.turns.timings import DEFAULT, Timings

if TYPE_CHECKING:
    from attache.apps.app import ModelChoice
    from attache.apps.apps import Apps
    from attache.documents.dynamo_records import DynamoRecords
    from attache.documents.index import PassageIndex
    from attache.documents.ingest import Ingest
    from attache.documents.s3_originals import S3Originals
    from attache.documents.search import DocumentSearch
    from attache.models.access import ProviderAccess
    from attache.models.catalogue import Catalogue
    from attache.models.litellm_embeddings import LitellmEmbeddings
    from attache.models.litellm_models import LitellmModels
    from attache.models.model import Models
    from attache.models.provider_keys import KnownProviders
    from attache.models.ssm_provider_keys import SsmProviderKeys
    from attache.models.watched_models import Span
    from attache.secrets import ClientSecrets, Secrets
    from attache.turns.app_toolsets import AppToolsets
    from attache.turns.chats import Chats
    from attache.turns.contexts import TurnContexts
    from attache.turns.interrupts import Interrupts
    from attache.turns.outcome_keeper import OutcomeKeeper
    from attache.turns.system_messages import SystemMessages
    from attache.turns.tool_worker import ToolWorker
    from attache.turns.worker import Worker
    from attache.usage.metered_embeddings import MeteredEmbeddings
    from attache.usage.usage import UsageSink
    from attache.wallets import Proofs


@dataclass(frozen=True)
class Services:
    """The service's parts, each made on first use, so that a function has only those it needs."""

    settings: Settings
    aws: Aws
    environ: Mapping[str, str]
    clock: Clock
    timings: Timings
    meter: Meter = field(default_factory=NoMeter, kw_only=True)
    span: Span | None = field(default=None, kw_only=True)

    @cached_property
    def apps(self) -> Apps:
        from attache.apps.apps_with_default import AppsWithDefault, AppsWithoutDefault
        from attache.apps.default_app import default_app
        from attache.apps.s3_apps import S3Apps

        deployed = S3Apps(self.aws, self.settings.data_bucket, self.settings.registry_table, self.clock)
        if self.settings.default_app == "off":
            return AppsWithoutDefault(deployed)
        return AppsWithDefault(deployed, default_app(), self._with_a_key)

    async def _with_a_key(self, models: ModelChoice) -> ModelChoice:
        """The default app with a default model whose provider has a key."""
        from attache.models.with_a_key import with_a_key

        return with_a_key(self.catalogue, models, self._providers.keys.keys() | await self._known_providers.now())

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
    def client_secrets(self) -> ClientSecrets:
        from attache.secrets import ClientSecrets

        return ClientSecrets(self.secrets, self.catalogue.providers)

    @cached_property
    def proofs(self) -> Proofs:
        from attache.wallets import Proofs
        from attache.wallets.dynamo_proofs import DynamoProofs
        from attache.wallets.eth_keys_signatures import EthKeysSignatures

        store = DynamoProofs(self.aws, self.settings.registry_table)
        return Proofs(store, EthKeysSignatures(), self.clock, self.settings.wallet_token_hours * 3600)

    @cached_property
    def catalogue(self) -> Catalogue:
        from attache.models.catalogue import Catalogue

        return Catalogue.read()

    @cached_property
    def sessions(self) -> Sessions:
        periods = Periods(int(self.timings.dead * 1000), int(self.timings.purge * 1000))
        return Sessions(self._table, self._wakeups, self._blobs, self.clock, periods=periods)

    @cached_property
    def updates(self) -> Updates:
        return Updates(self.sessions, self.clock)

    @cached_property
    def chats(self) -> Chats:
        from attache.turns.chats import Chats

        return Chats(self.sessions, self._table, self._contexts, self.clock, self.timings)

    @cached_property
    def worker(self) -> Worker:
        from attache.turns.worker import Worker

        return Worker(self.sessions, self._contexts, self.clock, self.timings)

    @cached_property
    def tool_worker(self) -> ToolWorker:
        from attache.turns.tool_worker import ToolWorker

        return ToolWorker(
            self.sessions,
            self.outcomes,
            self.apps,
            self._toolsets.operations,
            self.tool_calls_queue,
            self.clock,
            self.timings,
        )

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
    def ingest(self) -> Ingest:
        from attache.documents.ingest import Ingest
        from attache.documents.reading_process import ReadingProcess
        from attache.documents.sweeping import Sweep

        async def later(app: str, path: str, seconds: float) -> None:
            await self.documents_queue.send(Sweep(app=app, path=path), delay=seconds)

        reader = ReadingProcess(self.environ.get("LD_LIBRARY_PATH"))
        return Ingest(self.originals, self._records, self._index, self._embeddings, reader.read, later, self.clock)

    @cached_property
    def originals(self) -> S3Originals:
        from attache.documents.s3_originals import S3Originals

        return S3Originals(self.aws, self.settings.documents_bucket)

    @cached_property
    def _documents(self) -> DocumentSearch | None:
        """None where this stage has no search."""
        if self.settings.search_backend == "none":
            return None
        from attache.documents.search import DocumentSearch

        return DocumentSearch(self._index, self._records, self._embeddings)

    @cached_property
    def _index(self) -> PassageIndex:
        from attache.documents.embedded_index import EmbeddedIndex

        if self.settings.search_backend != "embedded":
            raise SettingsWrong("ATTACHE_SEARCH_BACKEND names no index that can be written.")
        return EmbeddedIndex(Path(self.settings.search_endpoint))

    @cached_property
    def _records(self) -> DynamoRecords:
        from attache.documents.dynamo_records import DynamoRecords

        return DynamoRecords(self.aws, self.settings.registry_table)

    @cached_property
    def _embeddings(self) -> MeteredEmbeddings:
        from attache.usage.metered_embeddings import MeteredEmbeddings

        return MeteredEmbeddings(self._embedding_model, self._usage, self.clock.now)

    @cached_property
    def _embedding_model(self) -> LitellmEmbeddings:
        from attache.models.litellm_embeddings import LitellmEmbeddings

        return LitellmEmbeddings(self.catalogue.embeddings, self._providers)

    @cached_property
    def _usage(self) -> UsageSink:
        from attache.usage.counted_usage import CountedUsage
        from attache.usage.dynamo_usage import DynamoUsage

        return CountedUsage(DynamoUsage(self.aws, self.settings.registry_table), self.meter)

    @cached_property
    def interrupts(self) -> Interrupts:
        from attache.turns.interrupts import Interrupts

        return Interrupts(self.sessions, self._wakeups, self.clock, self.timings)

    @cached_property
    def system_messages(self) -> SystemMessages:
        from attache.turns.system_messages import SystemMessages

        return SystemMessages(self.sessions, self.outcomes, self.clock)

    @cached_property
    def outcomes(self) -> OutcomeKeeper:
        from attache.turns.outcome_keeper import OutcomeKeeper

        return OutcomeKeeper(self.sessions, self._wakeups, self._blobs, self.clock, self.timings)

    @cached_property
    def models(self) -> LitellmModels:
        from attache.models.litellm_models import LitellmModels

        return LitellmModels(self.catalogue, self._providers)

    def load_models(self) -> None:
        """Import the model library, which takes seconds, now and not with the first call of a model."""
        from attache.models.litellm_import import import_litellm

        import_litellm()

    @property
    def _watched(self) -> Models:
        """The models, traced or logged if the settings ask for it."""
        from attache.models.watched_models import OverheardModels, TracedModels

        models: Models = self.models
        if self.settings.log_messages == "on":
            models = OverheardModels(models)
        return TracedModels(models, self.span) if self.span else models

    @cached_property
    def _providers(self) -> ProviderAccess:
        from attache.models.access import ProviderAccess
        from attache.models.provider_keys import ProviderKeys

        kept = ProviderKeys(self._provider_keys, self.clock)
        return ProviderAccess.from_environ(self.environ, self.settings.demo_model_url, kept)

    @cached_property
    def _known_providers(self) -> KnownProviders:
        from attache.models.provider_keys import KnownProviders

        return KnownProviders(self._provider_keys, self.catalogue.providers, self.clock)

    @cached_property
    def _provider_keys(self) -> SsmProviderKeys:
        from attache.models.ssm_provider_keys import SsmProviderKeys

        return SsmProviderKeys(self.aws, self.settings.stage)

    async def aclose(self) -> None:
        """Wait for the turns that run here, then close connections."""
        if "chats" in self.__dict__:
            await self.chats.settled()
        if "models" in self.__dict__:
            await self.models.aclose()
        if "_embedding_model" in self.__dict__:
            await self._embedding_model.aclose()
        if "_index" in self.__dict__:
            await self._index.close()
        if "_toolsets" in self.__dict__:
            await self._toolsets.close()

    @cached_property
    def _table(self) -> DynamoSessions:
        return DynamoSessions(self.aws, self.settings.sessions_table, self.clock)

    @cached_property
    def _wakeups(self) -> SqsWakeups:
        return SqsWakeups(self.turns_queue)

    @cached_property
    def _blobs(self) -> S3Blobs:
        return S3Blobs(self.aws, self.settings.data_bucket)

    @cached_property
    def _contexts(self) -> TurnContexts:
        from attache.models.litellm_windows import LitellmWindows
        from attache.models.own_keys import OwnKeys
        from attache.turns.contexts import TurnContexts
        from attache.turns.earlier import Earlier

        own_keys = OwnKeys(self.catalogue, self.client_secrets)
        windows = LitellmWindows(self.catalogue)
        return TurnContexts(
            self.apps,
            self._watched,
            self._toolsets.of,
            self._usage,
            self._wakeups,
            self.tool_calls_queue,
            self._blobs,
            self.clock,
            own_keys,
            windows,
            self.meter,
            earlier=Earlier(self._table, self.clock),
        )

    @cached_property
    def _toolsets(self) -> AppToolsets:
        from attache.turns.app_toolsets import AppToolsets

        loopback = self.settings.loopback_tools == "on"
        return AppToolsets(self.secrets, self.clock, self.meter, allow_loopback=loopback, documents=self._documents)


def wire(
    settings: Settings,
    aws: Aws,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    timings: Timings = DEFAULT,
    meter: Meter | None = None,
    span: Span | None = None,
) -> Services:
    """The service over these. `environ` has the providers' own variables."""
    return Services(settings, aws, environ, clock or Clock(), timings, meter=meter or NoMeter(), span=span)


@cache
def services() -> Services:
    """The service of this process, from its environment; made once per container."""
    settings = Settings.read(os.environ)
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    log_as_json(settings.log_level, {"service": "attache", "stage": settings.stage, "function": function})
    if settings.tracing == "off":
        return wire(settings, Aws(), os.environ, meter=PowertoolsMeter(settings.stage))
    traces = PowertoolsTraces(os.environ)
    return wire(settings, Aws(), os.environ, meter=TracedMeter(settings.stage, traces), span=traces.span)
