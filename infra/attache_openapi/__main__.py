"""`python -m attache_openapi`: write the description of our own API; with `--release`, as what clients rely on."""

from __future__ import annotations

import sys

from attache_openapi.files import CURRENT, RELEASED, described, text_of


def main() -> None:
    """Write `infra/openapi.json`, or `infra/openapi.released.json`."""
    path = RELEASED if "--release" in sys.argv[1:] else CURRENT
    path.write_text(text_of(described()), encoding="utf-8")
    sys.stdout.write(f"wrote {path.name}\n")


if __name__ == "__main__":
    main()
