"""How passages are laid out in OpenSearch: one index an app, and one field for each kind of vector."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal

Target = Literal["domain", "serverless"]
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WORDS = {"type": "text", "analyzer": "english"}


def index_name(stage: str, app: str) -> str:
    """`attache_<stage>_<app>`; neither name has `_` in it, nor a pattern's `*` or a list's comma."""
    if not _NAME.fullmatch(stage) or not _NAME.fullmatch(app):
        raise ValueError(f"no index is called after {stage!r} and {app!r}")
    return f"attache_{stage}_{app}"


def index_body() -> Mapping[str, Any]:
    """Settings and mappings of a new index; vectors get their fields when the first one comes."""
    exact = {"type": "keyword"}
    shown = {"type": "integer", "index": False}
    properties = {
        "path": exact,
        "run": exact,
        "position": {"type": "integer"},
        "page": shown,
        "title": _WORDS,
        "headings": _WORDS,
        "text": _WORDS,
    }
    return {"settings": {"index": {"knn": True}}, "mappings": {"dynamic": "strict", "properties": properties}}


def vector_field(space: str) -> str:
    """The field of the vectors of one space: of another model's, nothing is found by mistake."""
    return f"vector_{sha256(space.encode()).hexdigest()[:8]}"


def vector_mapping(target: Target, space: str, dimensions: int) -> Mapping[str, Any]:
    """Serverless chooses the engine itself and refuses to be told one; on a domain it is Lucene's.

    Vectors have length 1, so the nearest by distance is the nearest by angle, and every engine knows the distance.
    """
    engine = {"engine": "lucene"} if target == "domain" else {}
    method = {"name": "hnsw", "space_type": "l2", **engine}
    return {"properties": {vector_field(space): {"type": "knn_vector", "dimension": dimensions, "method": method}}}
