"""The composition root: settings in, the connected service out. Nothing else reads the environment.

Parts that only some functions need are imported when they are made, so that the others start faster.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from attache.aws import Aws
from attache.clock import Clock
from attache.settings import Settings
from attache.telemetry.meter import Meter, NoMeter
from attache.telemetry.powertools_logs import log_as_json
from attache.telemetry.powertools_meter import PowertoolsMeter
from attache.telemetry.powertools_traces import PowertoolsTraces, TracedMeter
from attache.turns.timings import DEFAULT, Timings
from attache.wiring.document_services import DocumentServices

if TYPE_CHECKING:
    from attache.apps.apps import Apps
    from attache.models.watched_models import Span
    from attache.turns.app_toolsets import AppToolsets
    from attache.turns.chats import Chats
    from attache.turns.contexts import TurnContexts
    from attache.turns.interrupts import Interrupts
    from attache.turns.outcome_keeper import OutcomeKeeper
    from attache.turns.system_messages import SystemMessages
    from attache.turns.tool_worker import ToolWorker
    from attache.turns.worker import Worker
    from attache.wallets import Proofs


class Services(DocumentServices):
    """The service's parts, each made on first use, so that a function has only those it needs."""

    @cached_property
    def apps(self) -> Apps:
        from attache.apps.apps_with_default import AppsWithDefault, AppsWithoutDefault
        from attache.apps.default_app import default_app
        from attache.apps.s3_apps import S3Apps

        deployed = S3Apps(self.aws, self.settings.data_bucket, self.settings.registry_table, self.clock)
        if self.settings.default_app == "off":
            return AppsWithoutDefault(deployed)
        return AppsWithDefault(deployed, default_app(), self._with_a_key)

    @cached_property
    def proofs(self) -> Proofs:
        from attache.wallets import Proofs
        from attache.wallets.dynamo_proofs import DynamoProofs
        from attache.wallets.eth_keys_signatures import EthKeysSignatures

        store = DynamoProofs(self.aws, self.settings.registry_table)
        return Proofs(store, EthKeysSignatures(), self.clock, self.settings.wallet_token_hours * 3600)

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

    async def aclose(self) -> None:
        """Wait for the turns that run here, then close connections."""
        if "chats" in self.__dict__:
            await self.chats.settled()
        if "models" in self.__dict__:
            await self.models.aclose()
        await self._close_documents()
        if "_toolsets" in self.__dict__:
            await self._toolsets.close()

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
        return AppToolsets(
            self.secrets, self.clock, self.meter, allow_loopback=loopback, documents=self.document_search
        )


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
