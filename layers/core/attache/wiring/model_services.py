"""Wiring of the language models: the catalogue, the providers' keys, and calls that are traced or logged."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attache.wiring.stores import Stores

if TYPE_CHECKING:
    from attache.apps.app import ModelChoice
    from attache.models.access import ProviderAccess
    from attache.models.catalogue import Catalogue
    from attache.models.litellm_models import LitellmModels
    from attache.models.model import Models
    from attache.models.provider_keys import KnownProviders
    from attache.models.ssm_provider_keys import SsmProviderKeys
    from attache.secrets import ClientSecrets


class ModelServices(Stores):
    """Stores, and the models; each part is made on first use."""

    @cached_property
    def catalogue(self) -> Catalogue:
        from attache.models.catalogue import Catalogue

        return Catalogue.read()

    @cached_property
    def client_secrets(self) -> ClientSecrets:
        from attache.secrets import ClientSecrets

        return ClientSecrets(self.secrets, self.catalogue.providers)

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
        from attache.models.watched_models import LoggedModels, TracedModels

        models: Models = self.models
        if self.settings.log_messages == "on":
            models = LoggedModels(models)
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

    async def _with_a_key(self, models: ModelChoice) -> ModelChoice:
        """The default app with a default model whose provider has a key."""
        from attache.models.with_a_key import with_a_key

        return with_a_key(self.catalogue, models, self._providers.keys.keys() | await self._known_providers.now())
