"""The demo model's vectors: what texts have in common, counted by their words and parts of words.

No language is known here. Each word, and each three letters in a row of it, adds to one place of the vector that its
hash names: texts that share words, or words of one stem, are near each other, and the same text is always the same.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = Mapping[str, Any]
DIMENSIONS = 1536  # OpenAI's, where none are asked for
MOST_DIMENSIONS = 4096
_WORD = re.compile(r"\w+")


def embeddings(asked: Json) -> Json:
    """The answer of `POST /v1/embeddings`. Raises ValueError, KeyError and TypeError for what is no such request."""
    given = asked["input"]
    texts = [given] if isinstance(given, str) else list(given)
    dimensions = int(asked.get("dimensions") or DIMENSIONS)
    if not texts or not all(isinstance(text, str) for text in texts) or not 0 < dimensions <= MOST_DIMENSIONS:
        raise ValueError("`input` is a text or a list of texts, `dimensions` a small number")
    data = [
        {"object": "embedding", "index": index, "embedding": vector(text, dimensions)}
        for index, text in enumerate(texts)
    ]
    counted = sum(len(text) // 4 + 1 for text in texts)
    return {
        "object": "list",
        "data": data,
        "model": asked.get("model"),
        "usage": {"prompt_tokens": counted, "total_tokens": counted},
    }


def vector(text: str, dimensions: int) -> Sequence[float]:
    """A vector of length 1."""
    counts = Counter(crc32(part.encode()) for part in _parts(text.lower()))
    values = [0.0] * dimensions
    for place, times in counts.items():
        values[place % dimensions] += (1 if place & 0x80000000 else -1) * math.sqrt(times)
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [round(value / length, 6) for value in values]


def _parts(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield word
        yield from (word[start : start + 3] for start in range(len(word) - 2))


async def _answered(request: Request) -> Response:
    try:
        return JSONResponse(embeddings(json.loads(await request.body())))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return JSONResponse({"error": {"message": repr(error), "type": "invalid_request_error"}}, 400)


EMBEDDINGS = Route("/v1/embeddings", _answered, methods=["POST"])
