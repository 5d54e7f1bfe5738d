"""Parsers of the owner's lists of host names, origins and networks, with a comma between two."""

import ipaddress
import re
from collections.abc import Callable

_LABELS = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
_PORT = r"(:[0-9]{1,5})?"
_HOST = re.compile(rf"\*|(\*\.)?{_LABELS}{_PORT}|\[[0-9a-f:.]+\]{_PORT}")
_ORIGIN = re.compile(rf"\*|https?://({_LABELS}|\[[0-9a-f:.]+\]){_PORT}")


def hosts(value: object) -> object:
    """Host names in small letters, each with or without a port; `*` stands for any name.

    Raises ValueError for a text of another kind; a value that is no text is returned as it is.
    """
    return _listed(value, _HOST.fullmatch)


def origins(value: object) -> object:
    """Origins, scheme://host[:port] in small letters; `*` stands for any. Raises as `hosts`."""
    return _listed(value, _ORIGIN.fullmatch)


def networks(value: object) -> object:
    """IP addresses and networks; `*` stands for any. Raises as `hosts`."""
    return _listed(value, lambda text: text == "*" or ipaddress.ip_network(text))


def _listed(value: object, check: Callable[[str], object]) -> object:
    if not isinstance(value, str):
        return value
    entries = tuple(part.strip().lower().rstrip("/") for part in value.split(","))
    for entry in entries:
        if not check(entry):
            raise ValueError(f"expected addresses with a comma between two, got {value!r}")
    return entries
