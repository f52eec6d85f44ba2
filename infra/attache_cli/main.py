"""The `attache` command."""

from __future__ import annotations

from typing import Annotated

import typer

from attache import __version__
from attache_cli import apps, documents, keys, providers, secrets, tables
from attache_cli.chat import chat
from attache_cli.commands import Commands
from attache_cli.doctor.command import doctor
from attache_cli.output import give

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a fault of ours is shown as Python shows it, with no values of variables
    help="Attaché's command line. It works on the local stack of this folder, or with --stage on one deployed to AWS.",
    epilog="Example: attache apps deploy ./myapp && attache keys create --app myapp",
)
app.add_typer(apps.app, name="apps")
app.add_typer(secrets.app, name="secrets")
app.add_typer(documents.app, name="documents")
app.add_typer(keys.app, name="keys")
app.add_typer(tables.app, name="tables")
app.add_typer(providers.app, name="providers")
app.command(epilog='Example: attache chat --app mycoindex "What is ETH trading at?"')(chat)
app.command(epilog="Example: attache doctor --stage prod")(doctor)


def main() -> None:
    """Run the command line; the entry point of the installed program."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        give(f"attache {__version__}")
        raise typer.Exit


@app.callback()
def attache(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the command as a whole."""
