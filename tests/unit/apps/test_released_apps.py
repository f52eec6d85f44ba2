"""What running containers see of deployments, and when."""

from __future__ import annotations

import pytest

from attache.apps.app import App, ModelChoice
from attache.apps.deploy import delete, publish, show
from attache.apps.released_apps import POINTER_SECONDS, ReleasedApps
from attache.errors import NotFound
from tests.fakes.clock import FakeClock
from tests.fakes.releases import FakeReleases


def app(name: str = "shop", preamble: str = "") -> App:
    return App(name=name, title=name.title(), version="", preamble=preamble, models=ModelChoice(default="m"))


class World:
    """A store of releases and a container that reads it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.releases = FakeReleases(self.clock)
        self.apps = ReleasedApps(self.releases, self.clock)


async def test_an_app_is_read_once_a_minute_and_its_bundle_once() -> None:
    world = World()
    await publish(app(), world.releases)
    world.releases.reads = 0
    for _ in range(3):
        assert (await world.apps.get("shop")).name == "shop"
    assert world.releases.reads == 2
    world.clock.forward(POINTER_SECONDS)
    await world.apps.get("shop")
    assert world.releases.reads == 3


async def test_a_new_version_is_seen_after_a_minute() -> None:
    world = World()
    await publish(app(preamble="old"), world.releases)
    await world.apps.get("shop")
    await publish(app(preamble="new"), world.releases)
    assert (await world.apps.get("shop")).preamble == "old"
    world.clock.forward(POINTER_SECONDS)
    assert (await world.apps.get("shop")).preamble == "new"


async def test_a_pointer_to_a_bundle_that_is_gone_is_read_again() -> None:
    world = World()
    await publish(app(preamble="old"), world.releases)
    other = ReleasedApps(world.releases, world.clock)
    await world.apps._pointer("shop")
    await delete("shop", world.releases)
    with pytest.raises(NotFound):
        await world.apps.get("shop")
    await publish(app(preamble="new"), world.releases)
    assert (await world.apps.get("shop")).preamble == "new"
    assert (await other.get("shop")).preamble == "new"


async def test_an_unknown_app_is_seen_as_soon_as_it_is_there() -> None:
    world = World()
    with pytest.raises(NotFound, match="There is no app 'shop'"):
        await world.apps.get("shop")
    await publish(app(), world.releases)
    assert (await world.apps.get("shop")).name == "shop"


async def test_names_are_listed() -> None:
    world = World()
    await publish(app("b"), world.releases)
    await publish(app("a"), world.releases)
    assert await world.apps.names() == [("a", "A"), ("b", "B")]


async def test_the_same_app_again_changes_nothing() -> None:
    world = World()
    first, changed = await publish(app(), world.releases)
    world.clock.forward(5)
    assert changed
    assert await publish(app(), world.releases) == (first, False)
    assert first.version
    assert (await show("shop", world.releases))[0] == first


async def test_what_is_not_there_cannot_be_shown_or_deleted() -> None:
    world = World()
    with pytest.raises(NotFound):
        await show("shop", world.releases)
    with pytest.raises(NotFound):
        await delete("shop", world.releases)
