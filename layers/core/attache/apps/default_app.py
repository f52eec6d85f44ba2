"""The built-in app, which needs no key and no manifest: conversation and general-purpose tools."""

from __future__ import annotations

from hashlib import sha256

from attache.apps.app import App, ModelChoice
from attache.apps.apps import DEFAULT_APP

_PREAMBLE = """\
You are a helpful general-purpose assistant.
Use your tools rather than your memory for the current time, for arithmetic and for unit conversion: they are exact.
When a tool answers with advice, follow it and call the tool again, or tell the user what is missing.
When you are asked what you can do, say what your tools are for.
Answer in the user's language, briefly, and say so when you do not know."""

_MODELS = ModelChoice(
    default="claude-sonnet",
    allowed=("claude-sonnet", "claude-haiku", "gpt-4o", "gpt-4o-mini", "openrouter/*"),
)


def default_app() -> App:
    """The app `default`, in the same form as any other compiled app."""
    app = App(
        name=DEFAULT_APP,
        title="General assistant",
        version="",
        preamble=_PREAMBLE,
        models=_MODELS,
        builtin_tools=("general",),
    )
    return app.model_copy(update={"version": sha256(app.model_dump_json().encode()).hexdigest()[:16]})
