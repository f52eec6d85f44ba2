"""The whole service over a real socket, on the embedded AWS, with a model provider that does as the message says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr

from attache.apps.app import App, ModelChoice, SecretDeclaration
from attache.apps.deploy import publish
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws
from attache.clock import Clock
from attache.keys import KeyRing
from attache.keys.dynamo_keys import DynamoKeys
from attache.models.litellm_import import import_litellm
from attache.secrets.dynamo_secrets import DynamoSecrets
from attache.secrets.kms_sealer import KmsSealer
from attache.secrets.secrets import Secrets, app_scope
from attache.turns.summaries import TASK
from attache_local.ports import listen
from attache_local.queue_pollers import Handler, polling
from attache_local.service import settings_for
from attache_local.serving import serving
from example_api.server import example_api
from tests.contract.desk import PENDING, desk_app
from tests.contract.ground import Ground, local_ground
from tests.contract.vendor import tells, vendor_apps
from tests.functional.tools.wire import Wire, wire
from tests.servers.openai_server import OpenAIServer
from tests.servers.script import Answer, Asked, Hangs, Received, Refusal, Reply, calls, text

SAID = "Hello there\u2028, 東京"
FACT = re.compile(r"fact-[0-9a-f]+-[0-9]+")  # what a summary of this provider keeps
NAMED = "4e414d45"  # begins the ids of sessions that the model gives a title
PACED = {
    "slow": [piece for word in ("one ", "two ", "three ", "four ") for piece in (word, 0.25)],
    "long": [piece for number in range(10) for piece in (f"{number} ", 0.7)],
}
ALWAYS: Mapping[str, Reply] = {
    "half": text("a", "\ud83d", "\ude00", "b\ud83d", "c"),
    "cut": text(*SAID, finish="length"),
    "hang": Hangs(),
    "fail": Refusal(401, "no such key"),
}
SHOP = App(
    name="shop",
    title="The shop",
    version="",
    preamble="You sell things.",
    models=ModelChoice(default="gpt-4o-mini", allowed=("gpt-4o-mini", "gpt-4o", "openrouter/*")),
    builtin_tools=("general",),
    secrets=(SecretDeclaration(name="API_KEY", description="Vendor API key", required=True),),
)
OTHER = App(name="other", title="Another", version="", models=ModelChoice(default="gpt-4o"))


@dataclass(frozen=True)
class Issued:
    """App keys in every condition; `shop` is also good for `gone`, an app that is not deployed."""

    shop: str
    other: str
    vault: str
    bank: str
    mint: str
    desk: str
    revoked: str
    expired: str
    unknown: str = "sk-" + "x" * 43


@dataclass(frozen=True)
class Running:
    """The running service: `url` is where it is, `without_default` the same with `DefaultApp=off`,
    `proving` with `WalletProof=required`.

    `provider` and `vendor` are whom it calls; `outputs` name what it has on `aws`.
    `exchange` is the API that the app `desk` trades at; `/_log` there says what it was asked.
    """

    url: str
    without_default: str
    proving: str
    exchange: str
    keys: Issued
    provider: OpenAIServer
    vendor: Wire
    aws: Aws
    outputs: Mapping[str, str]


def reply(request: Received) -> Reply:
    """The first word of the last message says what the model answers; a key that begins with `sk-bad` is refused."""
    key, last = request.headers["authorization"].removeprefix("Bearer "), request.body["messages"][-1]
    if key.startswith("sk-bad"):
        return Refusal(401, f"Incorrect API key provided: {key}", kind="invalid_api_key")
    if request.body["messages"][0]["content"] == TASK:
        return text(" ".join(["Told:", *dict.fromkeys(FACT.findall(last["content"]))]))
    if last["role"] != "tool":
        return Refusal(401, "no such key") if "fail this" in last["content"] else _answer(request, last)
    dithers = any(message.get("content") == "dither" for message in request.body["messages"][-3:])
    return Answer(pieces=PACED["slow"]) if dithers else _after_tool(last["content"])


def _after_tool(result: str) -> Reply:
    return text(result) if "you sent" in result.lower() else text("The tool ", "said so.")


def _answer(request: Received, last: Mapping[str, Any]) -> Reply:
    match str(last["content"]).split()[0]:
        case "call":
            _, name, arguments = str(last["content"]).split(" ", 2)
            return calls(Asked(name, arguments))
        case "mini" if request.body["model"] == "gpt-4o-mini":
            return Refusal(400, "not this model")
        case "tool":
            return calls(Asked("Calculate", {"expression": "1/3 + 1/6"}), Asked("GetCurrentTime", {"zone": "UTC"}))
        case "nan":
            return calls(Asked("Calculate", '{"expression": NaN}'))
        case word if word in PENDING:
            return calls(*PENDING[word])
        case "slow" | "long" as word:
            return Answer(pieces=PACED[word])
        case word:
            return ALWAYS.get(word, text(*SAID))


@contextmanager
def running_service(
    directory: Path, under: Callable[[Path], AbstractAsyncContextManager[Ground]] = local_ground
) -> Iterator[Running]:
    """The service in a thread of its own, so that tests speak to it as any client."""
    import_litellm()  # now rather than in the first turn, which would be late for its test
    service = service_on_sockets(directory, under=under)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(service) as running:
        yield running


Feed = Callable[[Aws, str, Handler], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def by_nobody(_aws: Aws, _queue_url: str, _handle: Handler) -> AsyncIterator[None]:
    """Leaves a queue's messages to whoever else takes them."""
    yield


@asynccontextmanager
async def service_on_sockets(
    directory: Path, feed: Feed = polling, under: Callable[[Path], AbstractAsyncContextManager[Ground]] = local_ground
) -> AsyncIterator[Running]:
    """`feed`: how the queues' messages reach the workers of this process; `under`: what it all stands on."""
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(under(directory))
        aws, outputs = ground.aws, ground.outputs
        provider = await stack.enter_async_context(OpenAIServer(reply))
        settings = settings_for(outputs, provider.origin).model_copy(update={"stage": ground.stage})
        vendor = await stack.enter_async_context(wire(tells))
        environ = {"OPENAI_API_BASE": provider.url}  # where a user's own key is used
        kinds: list[dict[str, str]] = [{}, {"default_app": "off"}, {"wallet_proof": "required"}]
        services = [ground.service(settings.model_copy(update=kind), environ) for kind in kinds]
        for queue_url, handle in services[0].queues.items():
            await stack.enter_async_context(feed(ground.feeder(queue_url), queue_url, _naming_few(handle)))
        urls = []
        for service in services:
            stack.push_async_callback(service.close)
            urls.append(await stack.enter_async_context(serving(service.app, listen(0))))
        exchange = example_api("exchange-key", directory / "exchange.log", latency=0, settles_after=3)
        exchange_url = await stack.enter_async_context(serving(exchange, listen(0)))
        keys = await prepared(aws, outputs, vendor.url, exchange_url)
        yield Running(urls[0], urls[1], urls[2], exchange_url, keys, provider, vendor, aws, outputs)


def _naming_few(handle: Handler) -> Handler:
    """Titles come at any moment, which would be in the way of tests that compare ids: only these sessions get one."""

    async def handled(body: str, tries: int) -> None:
        if '"kind":"title"' not in body or f'"{NAMED}' in body:
            await handle(body, tries)

    return handled


async def prepared(aws: Aws, outputs: Mapping[str, str], vendor: str, exchange: str) -> Issued:
    """The apps that the contract tests talk to, their secrets, and keys in every condition."""
    table, clock = outputs["RegistryTable"], Clock()
    releases = S3Releases(aws, outputs["DataBucket"], table, clock)
    for app in (SHOP, OTHER, desk_app(exchange), *vendor_apps(vendor)):
        await publish(app, releases)
    secrets = Secrets(DynamoSecrets(aws, table, clock), KmsSealer(aws, outputs["SecretsKey"]), clock)
    await secrets.put(app_scope("desk"), "API_KEY", SecretStr("exchange-key"))
    ring = KeyRing(DynamoKeys(aws, table), clock)
    shop, other = await ring.create(["shop", "gone"], "shop"), await ring.create(["other"], "other")
    vault, bank, mint, desk_key = [await ring.create([name], name) for name in ("vault", "bank", "mint", "desk")]
    revoked, expired = await ring.create(["shop"], "revoked"), await ring.create(["shop"], "expired", lifetime=1)
    await ring.revoke(revoked.key)
    return Issued(shop.key, other.key, vault.key, bank.key, mint.key, desk_key.key, revoked.key, expired.key)
