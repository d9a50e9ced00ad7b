"""Who is on a node that dies is told offline on the others, whichever node put their presence together."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from actors.ports.cluster_view import ClusterView
from protocol.presence import PRESENCE, person_of
from tests.integration.actors.cluster.rig import CLUSTER, SHORT_LEASE, Rig
from tests.integration.actors.cluster.test_commands import serving
from tests.integration.gatherup.features.accounts.test_logouts import Socket, greeted
from tests.integration.site import SETTINGS, Person

pytestmark = [pytest.mark.real, pytest.mark.slow]


class Watching:
    """What one session was told, and what it knows from that."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._told: dict[str, dict[str, Any]] = {}
        """Of each roster what its last signal said, and each user's status."""

    async def ask(self, type_: str, **fields: Any) -> dict[str, Any]:
        client_id = str(uuid.uuid4())
        await self._socket.tell(type_, client_id=client_id, **fields)
        while (frame := await self._hear()).get("client_id") != client_id:
            pass
        return frame

    async def shown(self, streams: Sequence[str], count: int, **statuses: str) -> None:
        """Return when each of these rosters was last told to have so many, and these users to be so."""
        for stream in streams:
            while not {"count": count, **statuses}.items() <= self._told.get(stream, {}).items():
                await self._hear()

    async def _hear(self) -> dict[str, Any]:
        frame = await self._socket.get()
        if (frame["t"], frame.get("type")) == ("signal", PRESENCE):
            known = self._told.setdefault(frame["stream"], {})
            known["count"] = frame["data"].pop("count")
            known.update((user, status) for status, users in frame["data"].items() for user in users)
        return frame


async def test_a_killed_node_s_people_are_offline_and_leave_the_rosters(cluster: Rig) -> None:
    """One of the rosters of people, and one of those of rooms, dies with the node: its next owner tells of them."""
    settings = {**SETTINGS, **CLUSTER, **SHORT_LEASE, "GATHERUP_NODE_NAME": "node-2"}
    connections = {"DATABASE_URL": cluster.dsn, "REDIS_URL": cluster.redis or ""}
    async with serving("serve", **settings, **connections) as doomed, AsyncExitStack() as sockets:
        await doomed.until("GatherUp serves on")
        living = await cluster.start("node-1", **SHORT_LEASE)
        found = re.search(r"GatherUp serves on \S+ and (ws://[^\s\"]+)", doomed.said)
        assert found, doomed.said
        view = await cluster.until(
            lambda view: [len(view.owned_by(m.id)) for m in view.members] == [128, 128]
        )
        await cluster.ready(living)
        watcher, people, rooms = await among_both(cluster, view)
        here = Watching(await sockets.enter_async_context(greeted(living.addresses.stream, watcher)))
        assert (await here.ask("watch_presence", users=[one.user for one in people]))["t"] == "accepted"
        for room in rooms:
            assert (await here.ask("subscribe", stream=room))["t"] == "subscribed"
        theirs = [await sockets.enter_async_context(greeted(found[1], person)) for person in people]
        for there in theirs:
            for room in rooms:
                await there.tell("subscribe", client_id=str(uuid.uuid4()), stream=room)
        for person in people:
            await here.shown([person_of(person.user)], 1, **{person.user: "online"})
        for there in theirs:
            await there.tell("set_status", status="away")
        for person in people:
            await here.shown([person_of(person.user)], 1, **{person.user: "away"})
        away, offline = ({one.user: status for one in people} for status in ("away", "offline"))
        await here.shown(rooms, 3, **away)

        doomed.process.kill()
        for person in people:
            await here.shown([person_of(person.user)], 0, **{person.user: "offline"})
        await here.shown(rooms, 1, **offline)
        for room in rooms:
            assert (await here.ask("unsubscribe", stream=room))["t"] == "accepted"
            again = await here.ask("subscribe", stream=room)
            assert (again["present"], again.get("present_count", 0)) == ([watcher.user], 1)


async def among_both(cluster: Rig, view: ClusterView) -> tuple[Person, Sequence[Person], Sequence[str]]:
    """A watcher, and two people in its two rooms: one roster of people and one of rooms on each node."""
    site = cluster.site(cluster.nodes["node-1"])
    watcher = await site.guest("Watcher")
    rooms: dict[int | None, str] = {}
    while len(rooms) < 2:
        room = await watcher.new_room()
        rooms[view.shard(room).owner] = room
    people: dict[int | None, Person] = {}
    while len(people) < 2:
        person = await site.guest("Somebody")
        people[view.shard(person_of(person.user)).owner] = person
    for room in rooms.values():
        for person in people.values():
            assert (await person.send("POST", f"/v1/rooms/{room}/join")).status_code == 200
    return watcher, list(people.values()), list(rooms.values())
