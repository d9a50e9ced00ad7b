"""Where a webhook may lead: not into the network that the nodes stand in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx
import trio
from msgspec import Struct

PORTS: Final = {"https": 443, "http": 80}
PORT_MAX: Final = 65535
ASSIGNMENTS: Final = IPv4Network("192.0.0.0/24")
"""Of protocols (RFC 6890), and of some clouds' own services: Python counts most of it as global."""
UNICAST: Final = IPv6Network("2000::/3")
"""All that is given out of IPv6 (RFC 4291, 2.4). What lies outside, like site-local fec0::/10, is no public host."""

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, to be tried in this order. Raises OSError."""


class RefusedTargetError(Exception):
    """Nothing is sent there; the sentence says why."""


class Target(Struct, frozen=True):
    """A looked-up address, and what the request must say to be for that host."""

    url: httpx.URL
    """With the address in place of the host's name, so that no second look-up can give another one."""
    host_header: str
    host: str
    """What the certificate must be for."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """As the operating system looks names up."""
    found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def checked_url(text: str, *, allow_private: bool) -> httpx.URL:
    """The URL, if it may be a webhook's as far as can be told without a look-up. Raises RefusedTargetError."""
    try:
        url = httpx.URL(text)
        host = url.host  # decodes what begins with xn--
        host.encode("idna")  # as a look-up does: no empty or long label
    except (httpx.InvalidURL, ValueError):
        raise RefusedTargetError("This isn't a URL.") from None
    if url.scheme not in PORTS or not host:
        raise RefusedTargetError("A webhook's URL begins with https:// and names a host.")
    if url.port is not None and not 0 < url.port <= PORT_MAX:
        raise RefusedTargetError("There is no such port.")
    if url.scheme == "http" and not allow_private:
        raise RefusedTargetError("A webhook's URL begins with https://.")
    if url.userinfo or url.fragment:
        raise RefusedTargetError("A webhook's URL has no user, password or fragment.")
    try:
        literal = ip_address(host.partition("%")[0])
    except ValueError:
        return url
    if not allow_private and not is_public(literal):
        raise RefusedTargetError("This isn't a public address.")
    return url


async def target_of(text: str, lookup: Lookup, *, allow_private: bool) -> Target:
    """Where to connect for this URL. Every address its host has must be public. Raises RefusedTargetError, OSError."""
    url = checked_url(text, allow_private=allow_private)
    port = url.port or PORTS[url.scheme]
    addresses = await lookup(url.host, port)
    if not addresses:
        raise RefusedTargetError("The host has no address.")
    if not allow_private and not all(is_public(ip_address(one.partition("%")[0])) for one in addresses):
        raise RefusedTargetError("The host has an address that isn't public.")
    return Target(
        url=url.copy_with(host=addresses[0], port=port),
        host_header=url.netloc.decode("ascii"),
        host=url.raw_host.decode("ascii"),
    )


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one of the public internet, and not another one in disguise (NAT64's count as reserved)."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(inner)
        if address not in UNICAST:
            return False
    elif address in ASSIGNMENTS:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
