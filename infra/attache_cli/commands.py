"""A command group that reports errors in one line, with exit code 1."""

from __future__ import annotations

from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from attache.errors import AttacheError
from attache_cli.errors import CommandError
from attache_cli.output import say


class Commands(TyperGroup):
    """The outermost group. Usage errors exit with 2, as usual; unexpected errors keep their traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (AttacheError, CommandError) as error:
            _fail(str(error))
        except ClientError as error:
            answer = error.response["Error"]
            _fail(f"AWS refused {error.operation_name}: {answer.get('Message') or answer.get('Code')}")
        except BotoCoreError as error:
            _fail(f"{error} (the profile and region are the usual ones: AWS_PROFILE, AWS_DEFAULT_REGION).")


def _fail(why: str) -> None:
    say(f"Error: {why}", "red")
    raise typer.Exit(1)
