"""Which network addresses tools may reach: public ones only (design, invariant 11)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# IPv4 in IPv6: NAT64 (RFC 6052, RFC 8215), IPv4-compatible (RFC 4291); ipaddress knows the rest
_EMBEDDING = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))


def refusal(address: str) -> str | None:
    """The reason why this address is not allowed; None if it is. `address` is a literal, e.g. `10.0.0.1`."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "no address"
    return next((reason for each in _all_meanings(parsed) if (reason := _reason(each))), None)


def is_loopback(address: str) -> bool:
    """Whether this literal is a loopback address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    """Whether a host name means loopback without resolving it: `localhost`, `127.0.0.1`, `::1`."""
    return host.lower().rstrip(".") == "localhost" or is_loopback(host.strip("[]"))


def _all_meanings(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, and any IPv4 address that a gateway may translate it to."""
    if isinstance(address, IPv4Address):
        return [address]
    embedded = [each for each in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if each]
    if any(address in network for network in _EMBEDDING) and int(address) > 1:
        embedded.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return list(embedded) or [address]


def _reason(address: IPv4Address | IPv6Address) -> str | None:
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if isinstance(address, IPv6Address) and address.is_site_local:
        return "a private address"
    if address.is_private:
        return "a private address"
    return None if address.is_global else "not a public address"
