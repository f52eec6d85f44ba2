from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.built.engines import ADAPTER, BUILT, needed

if TYPE_CHECKING:
    from tests.built.streamed_service import Streamed


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streamed]:
    needed(BUILT, ADAPTER)
    from tests.built.streamed_service import streamed_service

    with streamed_service(tmp_path_factory.mktemp("streamed")) as streamed:
        yield streamed
