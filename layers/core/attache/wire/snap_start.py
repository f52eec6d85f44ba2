"""SnapStart: what a function does before its snapshot is taken, and after each restore.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable


def at_snapshots(before: Callable[[], object], after: Callable[[], object]) -> None:
    """Register these with Lambda's runtime if SnapStart is on; elsewhere nothing calls them."""
    try:
        hooks = importlib.import_module("snapshot_restore_py")  # part of Lambda's runtime, so of no layer
    except ModuleNotFoundError:
        return
    hooks.register_before_snapshot(before)
    hooks.register_after_restore(restored, after)


def restored(after: Callable[[], object]) -> None:
    """Reseed what every process must, then call `after`."""
    random.seed()  # or all copies of one snapshot would produce the same random numbers
    after()
