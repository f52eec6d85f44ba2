"""A compiled app: everything a turn needs to know about it, as one JSON document."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from attache.tools.document_tool import DocumentTool
from attache.tools.http_tool import Frozen, HttpTool
from attache.tools.wallet_tool import WalletTool

MAX_STEPS = 10
RETENTION_DAYS = 90


class ModelChoice(Frozen):
    """The models an app may use, by our ids. `allowed` may contain patterns (`openrouter/*`).

    `title`: the model that names conversations and summarises them; None is the session's own.
    """

    default: str
    allowed: tuple[str, ...] = ()
    fallback: str | None = None
    title: str | None = None

    def allows(self, model: str) -> bool:
        """Whether users of the app may choose this model: the default always, the fallback only if it is listed."""
        return model == self.default or any(fnmatchcase(model, pattern) for pattern in self.allowed)


class SecretDeclaration(Frozen):
    """A secret that the app's tools use, as its users are shown it."""

    name: str
    description: str = ""
    required: bool = False


class App(Frozen):
    """A deployed app. `version` is the hash of everything else in it.

    `builtin_tools`: names of built-in toolsets (`general`). `documents`: the tool that searches the app's documents,
    if it has any. `retention_days`: how long messages are kept.
    """

    name: str
    title: str
    version: str
    preamble: str = ""
    models: ModelChoice
    tools: tuple[HttpTool, ...] = ()
    wallet_tools: tuple[WalletTool, ...] = ()
    builtin_tools: tuple[str, ...] = ()
    documents: DocumentTool | None = None
    secrets: tuple[SecretDeclaration, ...] = ()
    max_steps: int = Field(default=MAX_STEPS, ge=1, le=100)
    retention_days: int = Field(default=RETENTION_DAYS, ge=1)
