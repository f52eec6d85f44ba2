"""The operator's keys for model providers: set, and accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import httpx

from attache.models.catalogue import Catalogue
from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong

TIMEOUT = 10.0


@dataclass(frozen=True)
class Question:
    """A free request that a provider answers only to a valid key."""

    url: str
    header: str = "Authorization"
    before: str = "Bearer "
    others: tuple[tuple[str, str], ...] = ()

    def headers(self, key: str) -> dict[str, str]:
        return {self.header: f"{self.before}{key}", **dict(self.others)}


QUESTIONS = {
    "anthropic": Question(
        "https://api.anthropic.com/v1/models", "x-api-key", "", (("anthropic-version", "2023-06-01"),)
    ),
    "openai": Question("https://api.openai.com/v1/models"),
    "openrouter": Question("https://openrouter.ai/api/v1/key"),
}


async def providers(examined: Examined, questions: Mapping[str, Question] = QUESTIONS) -> list[Finding]:
    """A key for each provider that an app's own model is of; and each key is shown to its provider."""
    if examined.stage is None:
        return []  # its keys are in the environment of the process that serves it
    keys, models = await _keys(examined), await _models(examined)
    if not keys:
        return [wrong("providers", "there is no provider key: no model answers", "attache providers set anthropic")]
    missing = [finding for app, model in models.items() for finding in _missing(app, model, keys)]
    return [*missing, *[await _asked(provider, key, questions) for provider, key in keys.items()]]


async def _keys(examined: Examined) -> dict[str, str]:
    """Keys by provider, from the parameters that `attache providers` stores."""
    path, keys, more = f"/attache/{examined.stage}/providers", dict[str, str](), dict[str, str]()
    while True:  # a page may be empty and not the last
        page = await examined.target.aws.call("ssm", "get_parameters_by_path", Path=path, WithDecryption=True, **more)
        keys |= {each["Name"].rpartition("/")[2]: each["Value"] for each in page["Parameters"]}
        if not page.get("NextToken"):
            return keys
        more = {"NextToken": page["NextToken"]}


async def _models(examined: Examined) -> dict[str, str]:
    """The default model of each app."""
    apps = [await examined.target.app(release.name) for release in await examined.target.releases.all()]
    return {app.name: app.models.default for app in apps if app is not None}


def _missing(app: str, model: str, keys: Collection[str]) -> Iterator[Finding]:
    entry = Catalogue.read().find(model)
    if entry is None:
        said = f"the model {model} of {app} is not in the catalogue"
        yield wrong("providers", said, "name another in its app.yaml and deploy it, or add it to the catalogue")
    elif entry.provider not in keys:
        said = f"no key of {entry.provider}, whose model {app} uses"
        yield wrong("providers", said, f"attache providers set {entry.provider}")


async def _asked(provider: str, key: str, questions: Mapping[str, Question]) -> Finding:
    question = questions.get(provider)
    if question is None:
        return note("providers", f"a key of {provider} is kept; whether it is good is not known here")
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as http:
            answer = await http.get(question.url, headers=question.headers(key))
    except httpx.HTTPError as error:
        return note("providers", f"{provider} was not reached from here ({type(error).__name__})", "look again")
    if answer.status_code in (401, 403):
        return wrong("providers", f"{provider} refuses its key", f"attache providers set {provider}, with a good one")
    if answer.is_error:
        return note("providers", f"{provider} answers {answer.status_code}", "see the provider's status page")
    return ok("providers", f"{provider} takes its key")
