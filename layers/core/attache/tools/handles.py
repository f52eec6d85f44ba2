"""Handles of secrets (`$SECRET:NAME`) in a call's arguments, replaced by their values in the request.

Only a client's own secrets have handles, so a manipulated model cannot send the operator's secrets anywhere. The model,
the log and the user see only the handle.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from attache.tools.request import UnsendableError

MARK = "$SECRET:"
_HANDLE = re.compile(re.escape(MARK) + r"([A-Za-z0-9_][A-Za-z0-9_.:-]*)")
MOST_HANDLES = 16  # in one call, because a value may have 64 KB
_CLOSING = ".:-"  # allowed in a name, but also the end of a sentence


def handles_in(arguments: Any, declared: Collection[str]) -> frozenset[str]:
    """The names of the secrets in these arguments. Raises UnsendableError for an undeclared one."""
    found = [_name(name, declared) for text in _texts(arguments) for name in _HANDLE.findall(text)]
    if len(found) > MOST_HANDLES:
        raise UnsendableError(f"These arguments hold {len(found)} secrets; the most is {MOST_HANDLES}.")
    names = frozenset(found)
    if unknown := sorted(names.difference(declared)):
        known = f"it has {', '.join(declared)}" if declared else "it has none"
        raise UnsendableError(f"{MARK}{unknown[0][:64]} is no secret of this app ({known}); nothing was sent.")
    return names


def filled(arguments: Any, values: Mapping[str, str]) -> Any:
    """The arguments with each handle replaced by its secret; names of members are not changed."""
    if isinstance(arguments, str):
        return _HANDLE.sub(lambda found: _value(found[1], values), arguments)
    if isinstance(arguments, list):
        return [filled(each, values) for each in arguments]
    if isinstance(arguments, dict):
        return {name: filled(each, values) for name, each in arguments.items()}
    return arguments


def _value(found: str, values: Mapping[str, str]) -> str:
    name = _name(found, values)
    return values[name] + found[len(name) :]


def _name(found: str, declared: Collection[str]) -> str:
    """The secret's name in a match, without punctuation that ends a sentence."""
    return found if found in declared else found.rstrip(_CLOSING)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in members for text in _texts(each)]
