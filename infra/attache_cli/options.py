"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Stage = Annotated[
    str | None,
    typer.Option(
        "--stage",
        metavar="NAME",
        help="A stage deployed to AWS (usual profile and region). Without it: the local stack of this folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for scripts.")]
App = Annotated[str, typer.Option("--app", metavar="APP", help="The app's name.")]
