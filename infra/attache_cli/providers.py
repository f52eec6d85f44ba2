"""`attache providers`: the operator's own keys for model providers."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from pydantic import SecretStr

from attache.clock import rfc3339
from attache.errors import BadInput, NotFound
from attache.models.catalogue import Catalogue
from attache.models.provider_keys import FRESH_SECONDS
from attache.models.ssm_provider_keys import KeptKey
from attache_cli.options import AsJson, Stage
from attache_cli.output import give_json, give_table, say
from attache_cli.target import Target, find_target
from attache_cli.values import read_value

app = typer.Typer(no_args_is_help=True, help="Set, list and delete the keys of model providers. They are write-only.")

MAX_KEY = 4096  # characters; what SSM keeps as a standard parameter

Provider = Annotated[
    str,
    typer.Argument(metavar="PROVIDER", help="The provider, as the catalogue of models names it, such as anthropic."),
]


@dataclass(frozen=True)
class ProviderStatus:
    """A provider of the catalogue, or one that has a key; `updated` is when the key was set, or None."""

    provider: str
    models: tuple[str, ...]
    updated: str | None


@app.command("set", epilog="Example: attache providers set anthropic --stage prod < key.txt")
def set_key(provider: Provider, stage: Stage = None) -> None:
    """Store a key, read from standard input; at a terminal you are asked for it, without echo."""
    _known(provider)
    target = find_target(stage)
    key = _key(provider)
    asyncio.run(target.provider_keys.put(provider, key, target.outputs.SecretsKey))
    say(
        f"The key for {provider} is set on {target.title}. A provider that had none is used within seconds; "
        f"an old key may be used for another {FRESH_SECONDS // 60} minutes, so revoke it after that."
    )


@app.command("list", epilog="Example: attache providers list --stage prod")
def list_keys(stage: Stage = None, as_json: AsJson = False) -> None:
    """List the providers, whether they have a key, and their models."""
    found = asyncio.run(_statuses(find_target(stage)))
    if as_json:
        give_json([asdict(each) for each in found])
        return
    rows = [
        (each.provider, f"set {each.updated}" if each.updated else "no key", ", ".join(each.models)) for each in found
    ]
    give_table(("PROVIDER", "KEY", "MODELS"), rows)


@app.command(epilog="Example: attache providers delete openai")
def delete(provider: Provider, stage: Stage = None) -> None:
    """Delete a key. Models of that provider are refused from then on."""
    target = find_target(stage)
    if not asyncio.run(target.provider_keys.delete(provider)):
        raise NotFound(f"There is no key for {provider} on {target.title}.")
    say(f"The key for {provider} is deleted. Running containers may use it for another {FRESH_SECONDS // 60} minutes.")


def _known(provider: str) -> None:
    providers = Catalogue.read().providers
    if provider not in providers:
        raise BadInput(f"No model has the provider {provider[:100]!r}; there are {', '.join(providers)}.")


def _key(provider: str) -> SecretStr:
    key = read_value(f"the key for {provider}")
    said = key.get_secret_value().strip()
    if not said:
        raise BadInput(f"The key for {provider} is empty: give it on standard input.")
    if len(said) > MAX_KEY or not said.isascii() or not said.isprintable() or " " in said:
        raise BadInput(f"This is no key: one line of at most {MAX_KEY:,} plain characters without spaces is.")
    return SecretStr(said)


async def _statuses(target: Target) -> list[ProviderStatus]:
    """The catalogue's providers in its order, then others that have a key."""
    catalogue, kept = Catalogue.read(), {each.provider: each for each in await target.provider_keys.all()}
    providers = dict.fromkeys([*catalogue.providers, *kept])
    return [ProviderStatus(each, _models(catalogue, each), _updated(kept.get(each))) for each in providers]


def _models(catalogue: Catalogue, provider: str) -> tuple[str, ...]:
    return tuple(entry.id for entry in catalogue.entries.values() if entry.provider == provider)


def _updated(kept: KeptKey | None) -> str | None:
    return rfc3339(kept.updated) if kept else None
