"""A room between two sockets of different encodings: who is there, who types, and what a kick ends."""

from __future__ import annotations

from typing import TypeVar

import trio

from protocol import limits
from protocol.codec import Subprotocol
from protocol.codes import Code
from protocol.frames import Accepted, Event, ServerFrame, Signalled, Subscribe, Subscribed, Unsubscribed
from protocol.room.commands import JoinRoom, KickMember, PostMessage, SendTyping
from tests.integration.gatherup.gateway.node import Client, Node, client_id, serving_node, user_id

ANN, BEN = user_id(1), user_id(2)
HANG_S = 30
F = TypeVar("F", bound=ServerFrame)


async def told(node: Node, client: Client, type_: type[F]) -> F:
    """The next frame, which may wait for a flush."""
    await node.served.clock.advance(2 * limits.FLUSH_TICK_MIN_S)
    frame = await client.frame()
    assert isinstance(frame, type_), frame
    return frame


async def test_presence_typing_and_a_kick() -> None:
    with trio.fail_after(HANG_S):
        async with serving_node() as node:
            witness = await node.witness()
            ann, room = witness.client, witness.room
            ben = await node.greeted(BEN, Subprotocol.JSON)
            await ben.tell(JoinRoom(client_id=client_id(), stream=room))
            assert (await told(node, ben, Accepted)).stream == room
            assert (await told(node, ann, Event)).header.type == "room.joined"

            await node.served.clock.advance(2 * limits.PRESENCE_INTERVAL_S)
            await ben.tell(Subscribe(client_id=client_id(), stream=room))
            subscribed = await told(node, ben, Subscribed)
            assert (subscribed.present, subscribed.present_count) == ((ANN,), 1)

            await ben.tell(SendTyping(stream=room))
            typing = await told(node, ann, Signalled)
            assert (typing.type, typing.author, typing.stream) == ("room.typing", BEN, room)
            await told(node, ben, Signalled)

            await ann.tell(KickMember(client_id=client_id(), stream=room, user=BEN, reason="spam"))
            await told(node, ann, Accepted)
            kick = (await told(node, ann, Event)).header
            assert (kick.type, kick.revokes) == ("room.kicked", (BEN,))
            assert (await told(node, ben, Event)).header == kick
            assert (await told(node, ben, Unsubscribed)).code is Code.FORBIDDEN

            # Nothing of the room reaches who was kicked, and nothing of theirs the room.
            await ben.tell(SendTyping(stream=room))
            await witness.check()
            await ben.tell(PostMessage(client_id=client_id(), stream=room, body="let me in"))
            assert (await ben.refusal()).code is Code.NOT_A_MEMBER
