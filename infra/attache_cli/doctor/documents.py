"""Documents: the search backend answers, and every document can be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx

from attache.documents.listing import Listed, listed
from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong
from attache_cli.doctor.storage import DEPLOY

SEARCH = "search"
TIMEOUT = httpx.Timeout(10.0)
SHOWN = 3  # paths of documents that failed


async def search(examined: Examined) -> list[Finding]:
    """The search backend of a deployed stage."""
    outputs = examined.target.outputs
    if examined.stage is None or outputs.SearchBackend == "none":
        return []
    if not outputs.SearchEndpoint:
        return [wrong(SEARCH, "the stack does not say its address", DEPLOY)]
    made = await _collection(examined) if outputs.SearchBackend == "serverless" else []
    return [*made, await _answers(outputs.SearchEndpoint)]


async def _collection(examined: Examined) -> list[Finding]:
    name = f"attache-{examined.stage}"
    answer = await examined.target.aws.call("opensearchserverless", "batch_get_collection", names=[name])
    status = next((each["status"] for each in answer["collectionDetails"]), "not there")
    if status != "ACTIVE":
        return [wrong(SEARCH, f"the collection {name} is {status}", DEPLOY)]
    return [ok(SEARCH, f"the collection {name} is active")]


async def _answers(endpoint: str) -> Finding:
    """Ask without a signature: being refused is an answer. Whether the functions may search shows in documents."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as http:
            status = (await http.get(endpoint)).status_code
    except httpx.HTTPError as error:
        return wrong(SEARCH, f"{endpoint} does not answer ({type(error).__name__})", "see its state in the console")
    if status >= 500:
        return wrong(SEARCH, f"{endpoint} answers {status}", "see its state in the console")
    return ok(SEARCH, "answers")


async def documents(examined: Examined) -> list[Finding]:
    """The documents of every app."""
    target, originals = examined.target, examined.target.originals
    if originals is None:
        return []
    return [
        finding
        for release in await target.releases.all()
        for finding in app_documents(release.name, await listed(originals, target.document_records, release.name))
    ]


def app_documents(app: str, found: Sequence[Listed]) -> Iterable[Finding]:
    """What is wrong with an app's documents; nothing where it has none."""
    of, how = f"documents of {app}", f"attache documents list {app}"
    failed = [each.path for each in found if each.state == "failed"]
    waiting = sum(each.state == "waiting" for each in found)
    if failed:
        some = ", ".join(failed[:SHOWN]) + (" and others" if len(failed) > SHOWN else "")
        yield wrong(of, f"{len(failed)} cannot be found: {some}", how)
    if waiting:
        yield note(of, f"{waiting} wait to be read", f"{how}, in a minute; then the log of the documents function")
    if found and not failed and not waiting:
        yield ok(of, f"{len(found)}, all of which are found")
