"""Where the bus is: the forms of REDIS_URL.

- ``redis://[[user]:password@]host[:port]``: one server. ``rediss://`` the same over TLS.
- ``redis+sentinel://[[user]:password@]host[:port],host[:port]…/service``: the primary that Sentinels name.
- ``redis+cluster://[[user]:password@]host[:port],host[:port]…``: a cluster, by sharded pub/sub.

``rediss+sentinel`` and ``rediss+cluster`` use TLS throughout. A database number at the end is accepted and means
nothing: channels know no databases.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

PORT: Final = 6379
SENTINEL_PORT: Final = 26379
FORMS: Final = (
    "must look like redis://:password@host:6379/0, rediss://… for TLS, "
    "redis+sentinel://:password@host1:26379,host2:26379/service, or redis+cluster://:password@host1:6379,host2:6379"
)
_URL: Final = re.compile(
    r"(?P<scheme>rediss?)(?P<kind>\+sentinel|\+cluster)?://"
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?"
    r"(?P<hosts>[^@/?#]+)(?:/(?P<path>[^?#]*))?"
)
_HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?")
_DATABASE: Final = re.compile(r"\d{0,5}")
_SERVICE: Final = re.compile(r"(?P<service>[^/]+)(?:/\d{0,5})?")


class Kind(Enum):
    """How the server to talk to is found."""

    SERVER = None
    SENTINEL = "+sentinel"
    CLUSTER = "+cluster"


class Endpoint(Struct, frozen=True):
    """Where one server listens."""

    host: str
    port: int


class Credentials:
    """User and password, shown to nobody; without a password there is nothing to say."""

    __slots__ = ("password", "user")

    def __init__(self, user: str, password: str) -> None:
        self.user = user
        self.password = password

    def __repr__(self) -> str:
        return "Credentials(<hidden>)"


class Address(Struct, frozen=True, kw_only=True):
    """A parsed REDIS_URL. Its repr shows no password: see ``credentials``."""

    kind: Kind
    endpoints: tuple[Endpoint, ...]
    """One server, or the Sentinels or nodes to ask, in any order; at least one."""
    tls: bool = False
    service: str = ""
    """What the Sentinels call the primary; empty otherwise."""
    credentials: Credentials


def parse_address(url: str) -> Address:
    """Read a REDIS_URL. Raises ValueError with a sentence that shows nothing of it."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(FORMS)
    kind, path = Kind(found["kind"]), found["path"] or ""
    endpoints = tuple(_endpoint(text, kind) for text in found["hosts"].split(","))
    service = _SERVICE.fullmatch(path) if kind is Kind.SENTINEL else None
    well_ended = service if kind is Kind.SENTINEL else _DATABASE.fullmatch(path)
    if not well_ended or (kind is Kind.SERVER and len(endpoints) > 1):
        raise ValueError(FORMS)
    return Address(
        kind=kind,
        endpoints=endpoints,
        tls=found["scheme"] == "rediss",
        service=unquote(service["service"]) if service else "",
        credentials=Credentials(unquote(found["user"] or ""), unquote(found["password"] or "")),
    )


def _endpoint(text: str, kind: Kind) -> Endpoint:
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(FORMS)
    port = int(found["port"] or (SENTINEL_PORT if kind is Kind.SENTINEL else PORT))
    if not 1 <= port <= 65535:
        raise ValueError("must have ports from 1 to 65535")
    return Endpoint(found["v6"] or found["name"], port)
