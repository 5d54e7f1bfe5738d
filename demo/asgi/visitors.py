"""Whom a request comes from, as far as an IP address tells."""

import ipaddress
from collections.abc import Iterable

_IPV6_PREFIX = 64
"""One customer of a provider has so many bits of an IPv6 address fixed, and the rest is free."""


def network_of(host: str) -> str | None:
    """The visitor at an address: an IPv4 address or an IPv6 network.

    None for loopback and for what is no address, as on a Unix socket.
    """
    address = _parse(host)
    if address is None or address.is_loopback:
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
