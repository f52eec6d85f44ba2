"""One contract for every store of releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from attache.apps.app import App, ModelChoice
from attache.apps.compiling import versioned
from attache.apps.deploy import deploy
from attache.apps.http_descriptions import fetch_description
from attache.apps.problems import CannotDeploy
from attache.apps.release import Releases
from attache.apps.s3_apps import S3Apps
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws
from attache.errors import Conflict, Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.originals import FakeOriginals
from tests.fakes.releases import FakeReleases
from tests.functional.registry import Registry, registry_in_memory

BUCKET = "data"
EXAMPLE = Path(__file__).resolve().parents[3] / "infra" / "example_app"


def app(name: str = "shop", preamble: str = "") -> App:
    return versioned(App(name=name, title="Ä shop", version="", preamble=preamble, models=ModelChoice(default="m")))


@pytest.fixture
def registry() -> Any:
    with registry_in_memory() as registry:
        registry.aws.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield registry


@pytest.fixture(params=["fake", "s3"])
def releases(request: pytest.FixtureRequest, registry: Registry) -> Releases:
    clock = FakeClock()
    return FakeReleases(clock) if request.param == "fake" else S3Releases(registry.aws, BUCKET, registry.table, clock)


async def test_a_release_comes_back_as_it_was_published(releases: Releases) -> None:
    published = await releases.publish(app(), None)
    assert await releases.current("shop") == published
    assert await releases.bundle("shop", published.version) == app()
    assert published.deployed == "2027-01-15T08:00:00.000Z"


async def test_what_is_not_there_is_none(releases: Releases) -> None:
    assert await releases.current("shop") is None
    assert await releases.bundle("shop", "0") is None
    assert await releases.all() == []
    assert not await releases.withdraw("shop")


async def test_of_two_deployments_at_once_one_is_told(releases: Releases) -> None:
    await releases.publish(app(preamble="1"), None)
    with pytest.raises(Conflict):
        await releases.publish(app(preamble="2"), None)
    before = await releases.current("shop")
    await releases.publish(app(preamble="3"), before)
    with pytest.raises(Conflict):
        await releases.publish(app(preamble="4"), before)
    current = await releases.current("shop")
    assert current is not None
    assert current.version == app(preamble="3").version


async def test_apps_are_listed_by_name(releases: Releases) -> None:
    for name in ("b", "a", "c"):
        await releases.publish(app(name), None)
    assert [release.name for release in await releases.all()] == ["a", "b", "c"]


async def test_a_withdrawn_app_leaves_nothing_and_no_other_is_touched(releases: Releases) -> None:
    for name in ("shop", "shop-2"):
        await releases.publish(app(name), None)
    assert await releases.withdraw("shop")
    assert await releases.current("shop") is None
    assert await releases.bundle("shop", app().version) is None
    assert await releases.bundle("shop-2", app("shop-2").version) == app("shop-2")
    assert [release.name for release in await releases.all()] == ["shop-2"]


async def test_the_example_is_deployed_and_read_back(registry: Registry) -> None:
    clock = FakeClock()
    releases = S3Releases(registry.aws, BUCKET, registry.table, clock)
    originals = FakeOriginals()
    deployment = await deploy(EXAMPLE, releases, fetch_description, originals, allow_loopback=True)
    served = await S3Apps(registry.aws, BUCKET, registry.table, clock).get("mycoindex")
    assert served == deployment.app
    assert [tool.name for tool in served.tools] == [
        "GetTokenPrice",
        "ExecuteTrade",
        "Withdraw",
        "GetPortfolio",
        "ListMarkets",
        "GetOrderBook",
    ]
    assert not (await deploy(EXAMPLE, releases, fetch_description, originals, allow_loopback=True)).changed


async def test_nothing_is_stored_of_an_app_with_a_mistake(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("name: shop\nmodels: {default: m}\ntools: {openapi: missing.yaml}\n")
    releases = S3Releases(registry.aws, BUCKET, registry.table, FakeClock())
    with pytest.raises(CannotDeploy):
        await deploy(tmp_path, releases, fetch_description)
    assert await releases.all() == []
    assert registry.aws.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


class FailingAws(Aws):
    """An AWS every call of which fails in one way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def call(self, service: str, operation: str, **parameters: Any) -> Any:
        raise self._error


def refused(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "any")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ReadTimeoutError(endpoint_url="x"), Unavailable),
        (refused("ThrottlingException", 400), Unavailable),
        (refused("SlowDown", 503), Unavailable),
        (refused("AccessDeniedException", 400), ClientError),
    ],
)
async def test_failures_of_aws_are_sorted(error: Exception, raised: type[Exception]) -> None:
    releases = S3Releases(FailingAws(error), BUCKET, "registry", FakeClock())
    calls = (
        releases.current("shop"),
        releases.bundle("shop", "1"),
        releases.all(),
        releases.publish(app(), None),
        releases.withdraw("shop"),
    )
    for call in calls:
        with pytest.raises(raised):
            await call


@pytest.mark.parametrize("error", [refused("NoSuchKey", 404), refused("AccessDenied", 403)])
async def test_a_bundle_that_is_gone_is_none_to_who_may_not_list_the_bucket_too(error: ClientError) -> None:
    releases = S3Releases(FailingAws(error), BUCKET, "registry", FakeClock())
    assert await releases.bundle("shop", "1") is None
