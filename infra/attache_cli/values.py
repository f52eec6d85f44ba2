"""Reading values that nobody may see: from standard input, or at a terminal without echo."""

from __future__ import annotations

import sys

import typer
from pydantic import SecretStr

from attache.errors import BadInput


def read_value(name: str) -> SecretStr:
    """The value, without the line's end. Raises BadInput."""
    if sys.stdin.isatty():
        return SecretStr(typer.prompt(f"Value of {name}", hide_input=True, err=True))
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"The value of {name} is not UTF-8 text.") from error
    return SecretStr(text.removesuffix("\n").removesuffix("\r"))
