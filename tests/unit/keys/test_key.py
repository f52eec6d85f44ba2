"""What a key is, and which one an operator means."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from attache.errors import BadInput, NotFound
from attache.keys.key import looks_like_key, new_key, the_one

NOW = 1_800_000_000_000


def test_a_new_key_has_256_random_bits_and_its_record_has_none_of_them_but_the_first() -> None:
    one, other = new_key(["shop"], "prod", NOW), new_key(["shop"], "prod", NOW)
    assert looks_like_key(one.key)
    assert one.key != other.key
    assert len(one.key) == len("sk-") + 43  # 32 bytes in base64 without padding
    assert one.record.id == hashlib.sha256(one.key.encode()).hexdigest()
    assert one.record.prefix == one.key[:10]
    assert one.key not in repr(one)


def test_apps_are_kept_in_order_and_once() -> None:
    assert new_key(["b", "a", "b"], "", NOW).record.apps == ("b", "a")


@pytest.mark.parametrize(
    ("apps", "label", "expires"),
    [([], "", None), ([""], "", None), (["a"], "x" * 101, None), (["a"], "\x1b[31m", None), (["a"], "", NOW)],
)
def test_a_key_that_makes_no_sense_is_not_made(apps: list[str], label: str, expires: int | None) -> None:
    with pytest.raises(BadInput):
        new_key(apps, label, NOW, expires)


def test_the_status_of_a_key() -> None:
    record = new_key(["shop"], "", NOW, NOW + 10).record
    assert [record.status(NOW + 9), record.status(NOW + 10)] == ["active", "expired"]
    assert replace(record, revoked=NOW).status(NOW + 10) == "revoked"


def test_a_key_is_meant_by_itself_its_id_or_the_beginning_of_either() -> None:
    issued = [new_key(["shop"], "", NOW) for _ in range(3)]
    records = [one.record for one in issued]
    for one in issued:
        for reference in (one.key, one.record.id, one.record.id[:12], f"{one.record.prefix}…"):
            assert the_one(records, reference) == one.record


@pytest.mark.parametrize("reference", ["", "sk-", "abcdefg"])
def test_too_little_is_no_reference(reference: str) -> None:
    with pytest.raises(BadInput, match="at least 8"):
        the_one([], reference)


def test_several_or_none_are_an_error() -> None:
    record = new_key(["shop"], "", NOW).record
    with pytest.raises(BadInput, match="2 keys begin like that"):
        the_one([record, replace(record, id=record.id[:-1] + "x")], record.id[:20])
    with pytest.raises(NotFound):
        the_one([record], "00000000")
    with pytest.raises(NotFound):
        the_one([record], new_key(["shop"], "", NOW).key)
