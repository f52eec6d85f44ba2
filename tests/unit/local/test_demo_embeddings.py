"""The demo model's vectors: alike where texts are alike."""

from __future__ import annotations

from operator import mul
from typing import Any

import pytest

from attache_local.demo_embeddings import DIMENSIONS, embeddings, vector


def alike(one: str, other: str) -> float:
    return float(sum(map(mul, vector(one, 512), vector(other, 512))))


def test_the_same_text_has_the_same_vector_of_length_one() -> None:
    assert vector("The fees", 512) == vector("the FEES", 512)
    assert alike("The fees", "The fees") == pytest.approx(1, abs=1e-4)


def test_texts_that_share_words_or_stems_are_nearer() -> None:
    question = "withdrawal fees"
    assert alike(question, "What a withdrawal costs in fees") > alike(question, "What withdrawing costs") > 0.1
    assert alike(question, "What withdrawing costs") > alike(question, "Stop orders sleep")


def test_the_answer_is_openais() -> None:
    answer = embeddings({"model": "m", "input": ["one", "two"]})
    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert len(answer["data"][0]["embedding"]) == DIMENSIONS
    assert answer["usage"]["prompt_tokens"] > 0
    assert len(embeddings({"input": "one", "dimensions": 3})["data"][0]["embedding"]) == 3


@pytest.mark.parametrize("asked", [{"input": []}, {"input": [1]}, {"input": "x", "dimensions": -1}])
def test_what_is_no_request_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="input"):
        embeddings(asked)
