from __future__ import annotations

import pytest

from attache import errors
from attache.wire.refusals import STATUS, refusal


def test_every_error_that_is_for_callers_has_its_status() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    assert set(STATUS) == kinds - {errors.AttacheError}


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (errors.BadInput("no"), 400, {}),
        (errors.Conflict("no"), 409, {}),
        (errors.TooMany("no", retry_after=7), 429, {"retry-after": "7"}),
        (errors.TooMany("no", retry_after=0), 429, {"retry-after": "1"}),
        (errors.Unavailable("no"), 503, {"retry-after": "1"}),
    ],
)
def test_an_error_is_answered_in_its_own_words(
    error: errors.AttacheError, status: int, headers: dict[str, str]
) -> None:
    answer = refusal(error)
    assert answer is not None
    assert (answer.status, answer.body, answer.headers) == (status, {"error": "no"}, headers)


def test_a_more_special_error_is_answered_like_its_kind() -> None:
    class NoSuchApp(errors.NotFound):
        pass

    answer = refusal(NoSuchApp("no"))
    assert answer is not None
    assert answer.status == 404


def test_an_error_of_no_kind_is_not_for_callers() -> None:
    assert refusal(errors.AttacheError("detail")) is None
