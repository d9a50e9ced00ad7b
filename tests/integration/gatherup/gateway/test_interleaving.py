"""Pings, big echoes and closes while everybody is broadcast to through small buffers: each frame comes whole."""

from __future__ import annotations

import pytest
import trio
from websockets.frames import Opcode

from gatherup.config import Stream
from protocol.codec import Subprotocol
from protocol.codes import CloseCode
from tests.integration.gatherup.gateway.serving import Peer, Serving, serving

PEERS, ROUNDS = 24, 8
BROADCAST = b"B" * 40_001


def echo_of(number: int) -> bytes:
    return b"E" + bytes((65 + number,)) * 5000


async def converse(peer: Peer, number: int, done: trio.Event, results: list[tuple[int, int, int]]) -> None:
    """Ping and echo in every round while broadcasts come; then close, or wait for the server's Close."""
    broadcasts = 0
    for round_ in range(ROUNDS):
        ping = b"%d-%d" % (number, round_)
        await peer.stream.send_all(peer.frame(Opcode.PING, ping))
        await peer.send(echo_of(number))
        ponged = echoed = False
        while not (ponged and echoed):
            message = await peer.receive((Opcode.BINARY, Opcode.TEXT, Opcode.PONG))
            if message == ping:
                ponged = True
            elif message == echo_of(number):
                echoed = True
            else:
                assert message == BROADCAST
                broadcasts += 1
    done.set()
    code = await (peer.close() if number % 2 else peer.close_code())
    results.append((number, broadcasts, code))


async def broadcast(served: Serving) -> None:
    """To everybody that isn't too slow to take it, for ever."""
    while True:
        for session in served.sessions:
            if session.writer.queued_bytes < 500_000:
                session.write(BROADCAST)
        await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("subprotocol", list(Subprotocol))
async def test_frames_never_interleave(subprotocol: Subprotocol) -> None:
    options = Stream(port=0, send_buffer_bytes=4096)
    async with serving(options=options) as served:
        results: list[tuple[int, int, int]] = []
        peers = [await served.peer(subprotocol, receive_buffer=8192) for _ in range(PEERS)]
        done = [trio.Event() for _ in peers]
        parked = 0
        async with trio.open_nursery() as broadcasting:
            broadcasting.start_soon(broadcast, served)
            async with trio.open_nursery() as conversations:
                for number, peer in enumerate(peers):
                    conversations.start_soon(converse, peer, number, done[number], results)
                for number in range(0, PEERS, 2):
                    parked = max(parked, len(served.writers.parked))
                    await done[number].wait()
                    served.sessions[number].close(CloseCode.GOING_AWAY)
            broadcasting.cancel_scope.cancel()
        assert parked > 1, "the buffers were never full: nothing was tested"
        assert all(count > 0 for _, count, _ in results)
        codes = {number: code for number, _, code in results}
        assert codes == {n: CloseCode.NORMAL if n % 2 else CloseCode.GOING_AWAY for n in range(PEERS)}
        await served.gone()
