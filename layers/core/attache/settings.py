"""Settings from the environment, read once by the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "ATTACHE_"
LOCAL_STAGE = "local"


class SettingsWrong(Exception):
    """A variable is missing or has an invalid value."""


class Settings(BaseModel):
    """A deployment's names and switches, from variables that begin with `ATTACHE_`.

    `demo_model_url` and `loopback_tools` are for the local stack: a model without a provider, and tools on loopback
    servers. `search_endpoint` is OpenSearch's https URL, or the file of the embedded index. AWS's own variables are
    read by botocore, the providers' by LiteLLM.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    sessions_table: str
    registry_table: str
    data_bucket: str
    secrets_key: str
    turns_queue_url: str
    tool_calls_queue_url: str = ""
    documents_bucket: str = ""
    documents_queue_url: str = ""
    search_backend: Literal["none", "serverless", "domain", "embedded"] = "none"
    search_endpoint: str = ""
    stage: str = LOCAL_STAGE
    default_app: Literal["on", "off"] = "on"
    wallet_proof: Literal["required", "off"] = "off"
    wallet_domains: str = ""
    wallet_token_hours: Annotated[int, Field(ge=1, le=720)] = 24
    demo_model_url: str | None = None
    loopback_tools: Literal["on", "off"] = "off"
    snapshot_wait: float = Field(default=20.0, ge=0, le=25)  # seconds; what a plain caller's snapshot waits
    log_level: Literal["DEBUG", "INFO", "WARNING", "WARN", "ERROR"] = "INFO"
    log_messages: Literal["on", "off"] = "off"
    tracing: Literal["on", "off"] = "off"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises SettingsWrong, which names every wrong variable."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX) and value
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            faults = [f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
            raise SettingsWrong("The environment is not as it must be: " + "; ".join(faults)) from error
