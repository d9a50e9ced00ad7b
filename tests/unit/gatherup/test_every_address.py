"""The host :: stands for all addresses of both families, on the port of sessions as on that of the facade."""

from __future__ import annotations

import socket

import pytest

from gatherup.addresses import EVERY_ADDRESS
from gatherup.config import Stream
from gatherup.gateway.listener import listen
from gatherup.http.server import bind


async def listening(kind: str) -> socket.socket:
    if kind == "facade":
        return bind(EVERY_ADDRESS, 0)
    (listener,) = await listen(Stream(host=EVERY_ADDRESS, port=0))
    return listener


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has one family alone")
@pytest.mark.parametrize("kind", ["facade", "sessions"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_every_address_is_one_of_both_families(kind: str, address: str) -> None:
    with await listening(kind) as listener, socket.create_connection((address, listener.getsockname()[1])):
        pass
