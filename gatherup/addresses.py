"""Where a node serves, as its clients write it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gatherup.client.transport import STREAM_PATH
from gatherup.config import Http, Stream

EVERY_ADDRESS: Final = "::"
"""A host that stands for all addresses, IPv4 ones too."""


class Addresses(Struct, frozen=True, kw_only=True):
    """The URLs of a node."""

    http: str
    stream: str
    """Empty if the node serves no sessions."""


def addresses_of(http: tuple[str, int], stream: tuple[str, int] | None) -> Addresses:
    """The URLs of a node that listens there."""
    sessions = "" if stream is None else f"ws://{_netloc(*stream)}{STREAM_PATH}"
    return Addresses(http=f"http://{_netloc(*http)}", stream=sessions)


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


USUAL: Final = addresses_of((Http().host, Http().port), (Stream().host, Stream().port))
"""The addresses of a node without settings."""
