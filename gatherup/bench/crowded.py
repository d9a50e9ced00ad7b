"""What many people do at once in one room, and what a room of many costs: cases for ``gatherup.bench.long_steps``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import count
from typing import Final

import trio

from actors.ordered_map import OrderedMap
from actors.ports.cluster_view import SHARDS
from actors.ports.time import Clock
from actors.room.state import Invite, Room
from actors.runtime.checkpoints import decode_state, encode_state
from actors.runtime.node import Runtime
from actors.runtime.oneshot import Oneshot
from actors.runtime.snapshots import Snapshot
from actors.runtime.time_slice import TimeSlice
from gatherup.bench.alone import DRAIN_TIMEOUT_S, RefusedError, make_room
from protocol import limits
from protocol.codec import FULL, Codec, Subprotocol
from protocol.codes import Code
from protocol.frames import Command, Refused, Reply
from protocol.ids import derive_client_id
from protocol.room.commands import ChangeRoom, JoinRoom, LeaveRoom, PostMessage, SetFilter

AT_ONCE: Final = limits.BATCH_COMMANDS_MAX
MEMBERS: Final = limits.ROOM_MEMBERS_MAX
SETTLED: Final = MEMBERS - AT_ONCE - 1
"""Members who stay beside the owner, so that others can join."""
SIGNS: Final = ("\u2057" * 9 + "!", *("'" * 9 + chr(0x4E00 + number) for number in range(190)))
"""As many forbidden words of as many signs as may be."""
LONGEST: Final = "\u2057" * (limits.BODY_CHARS_MAX // 4)
"""A text of which each character becomes four signs when it is written out, as long as may be."""

Run = Callable[[], Awaitable[object]]


def user(number: int) -> str:
    """One of the crowd."""
    return f"user:{1_000_000 + number:032x}"


class Crowd:
    """Two rooms and what is done in them: one with a filter, and one of nearly as many as a room may have, of whom most
    have posted in slow mode."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._ids = (derive_client_id("crowd", str(number)) for number in count())
        self._fresh = iter(range(SETTLED))  # who hasn't posted in the full room

    async def fill(self) -> None:
        """Make the rooms."""
        self._filtered = await make_room(self._runtime, user(-1))
        words = SetFilter(client_id=next(self._ids), stream=self._filtered, words=SIGNS)
        await self._all([(words, user(-1)), (self._join(self._filtered), user(0))])
        self._full = await make_room(self._runtime, user(-2))
        slow = ChangeRoom(client_id=next(self._ids), stream=self._full, slow_mode_s=limits.SLOW_MODE_S_MAX)
        await self._all([(slow, user(-2))])
        for first in range(0, SETTLED, AT_ONCE):
            await self._all(
                (self._join(self._full), user(n)) for n in range(first, min(first + AT_ONCE, SETTLED))
            )
        for _ in range(0, SETTLED // 2, AT_ONCE):
            await self.post_in_slow_mode()

    async def post_long_texts(self) -> None:
        """Texts as long as may be, in the room with as many forbidden words as may be."""
        await self._all((self._post(self._filtered, LONGEST), user(0)) for _ in range(AT_ONCE))

    async def post_in_slow_mode(self) -> None:
        """Each by somebody else."""
        await self._all((self._post(self._full, "hello"), user(next(self._fresh))) for _ in range(AT_ONCE))

    async def come(self) -> None:
        """As many as have room."""
        await self._all((self._join(self._full), user(SETTLED + n)) for n in range(AT_ONCE))

    async def go(self) -> None:
        """Those again."""
        leave = (LeaveRoom(client_id=next(self._ids), stream=self._full) for _ in range(AT_ONCE))
        await self._all((command, user(SETTLED + n)) for n, command in enumerate(leave))

    async def take_over(self) -> None:
        """As the next owner does: from a checkpoint, and the events after it."""
        await self._runtime.release(range(SHARDS), DRAIN_TIMEOUT_S)
        await self.show()

    async def show(self) -> None:
        """A snapshot, encoded."""
        found = await self._runtime.router.view(self._full, user=user(0))
        if not isinstance(found, Snapshot):
            raise RefusedError(repr(found))
        Codec(Subprotocol.JSON, FULL).raw(found.view)

    def _join(self, room: str) -> JoinRoom:
        return JoinRoom(client_id=next(self._ids), stream=room)

    def _post(self, room: str, body: str) -> PostMessage:
        return PostMessage(client_id=next(self._ids), stream=room, body=body)

    async def _all(self, commands: Iterable[tuple[Command, str]]) -> None:
        """Send all at once and wait. Raises RefusedError for a refusal that is not of what the texts are."""
        answers: list[Oneshot[Reply]] = []
        for command, by in commands:
            answer: Oneshot[Reply] = Oneshot()
            self._runtime.router.send(command, by=by, reply=answer.set)
            answers.append(answer)
        for answer in answers:
            reply = await answer.wait()
            # Not those whose time was up, as may be on a machine that others use too.
            if isinstance(reply, Refused) and not reply.retry and reply.code is not Code.FILTERED:
                raise RefusedError(repr(reply))


class Kept:
    """The checkpoint of a room at all its limits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._room = at_all_limits()
        self._bytes = b""

    async def write(self) -> None:
        """Encode it."""
        self._bytes = await encode_state(self._room, TimeSlice(self._clock))

    async def read(self) -> None:
        """Decode what was encoded, and let go of it."""
        state = await decode_state(self._bytes, Room, TimeSlice(self._clock, part=0.5))
        await trio.lowlevel.checkpoint()
        del state  # a step of its own, as when an actor ends


def at_all_limits() -> Room:
    """As large as a room's state can be."""
    members = [user(number) for number in range(MEMBERS)]
    others = [user(number) for number in range(MEMBERS, MEMBERS + limits.ROOM_BANS_MAX)]
    at = dict.fromkeys(members, limits.SEQ_MAX)
    return Room(
        room="room:" + "f" * 32,
        created=True,
        owner=members[0],
        moderators=tuple(members[1 : limits.ROOM_MODERATORS_MAX + 1]),
        members=OrderedMap(at),
        readable_after=OrderedMap(at),
        posted_at=OrderedMap(at),
        muted=OrderedMap(at),
        banned=OrderedMap(dict.fromkeys(others, limits.SEQ_MAX)),
        invited=OrderedMap(dict.fromkeys(others[: limits.ROOM_INVITED_MAX], limits.SEQ_MAX)),
        invites={n: Invite(limits.SEQ_MAX, None) for n in range(limits.ROOM_INVITES_MAX)},
        pinned=tuple(range(limits.ROOM_PINS_MAX)),
    )


async def crowded(runtime: Runtime, clock: Clock) -> Mapping[str, Run]:
    """What to measure, by name, in this order."""
    crowd, kept = Crowd(runtime), Kept(clock)
    await crowd.fill()
    return {
        f"{AT_ONCE} long posts against {limits.FILTERED_WORDS_MAX} words": crowd.post_long_texts,
        f"{AT_ONCE} posts in slow mode in a room of {MEMBERS}": crowd.post_in_slow_mode,
        f"{AT_ONCE} joins": crowd.come,
        f"a snapshot of a room of {MEMBERS}": crowd.show,
        f"a room of {MEMBERS} is taken over": crowd.take_over,
        f"{AT_ONCE} leaves": crowd.go,
        "a checkpoint at all limits is written": kept.write,
        "a checkpoint at all limits is read": kept.read,
    }
