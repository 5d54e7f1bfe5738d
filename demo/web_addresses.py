"""Addresses of the web: the owner's lists of hosts, origins and networks, and visitors."""

import ipaddress
import re
from collections.abc import Callable, Iterable

_LABELS = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
_PORT = r"(:[0-9]{1,5})?"
_HOST = re.compile(rf"\*|(\*\.)?{_LABELS}{_PORT}|\[[0-9a-f:.]+\]{_PORT}")
_ORIGIN = re.compile(rf"\*|https?://({_LABELS}|\[[0-9a-f:.]+\]){_PORT}")
_IPV6_PREFIX = 64
"""One customer of a provider has so many bits of an IPv6 address fixed, and the rest is free."""


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


def remote_network_of(host: str) -> str | None:
    """The network of a visitor who comes from another machine; None for loopback as well."""
    address = _parse(host)
    return None if address is None or address.is_loopback else network_of(host)


def network_of(host: str) -> str | None:
    """The visitor at an address: an IPv4 address or an IPv6 network.

    None for what is no address, as on a Unix socket.
    """
    address = _parse(host)
    if address is None:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


class Networks:
    """A set of IP addresses and networks."""

    def __init__(self, entries: Iterable[str]) -> None:
        """entries: addresses and networks, `*` for every address."""
        entries = set(entries)
        self._any = "*" in entries
        self._networks = [ipaddress.ip_network(one) for one in entries - {"*"}]

    def __contains__(self, host: str) -> bool:
        address = _parse(host)
        return self._any or (address is not None and any(address in n for n in self._networks))


def _parse(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # How sockets of both families name an IPv4 address.
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped
