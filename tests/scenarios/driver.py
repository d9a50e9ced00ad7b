"""Plays a scenario with the Python SDK. clients/typescript/test/scenario.ts does the same with the TypeScript SDK."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import msgspec
import trio
import trio.testing

from gatherup.client import (
    Client,
    Ended,
    Event,
    Gone,
    HeadsFeed,
    Item,
    Members,
    PersonPresence,
    Policy,
    PresenceFeed,
    Read,
    RefusedError,
    Signal,
    Snapshot,
    Stream,
    connect,
)
from protocol.frames import Accepted, Position
from protocol.kinds import ROOM

Map = dict[str, Any]
Ask = Callable[[Map], Awaitable[Map]]
QUICK = Policy(connect_timeout_s=2.0, backoff_min_s=0.05, backoff_max_s=0.3)
_TYPES: dict[str, Any] = {str(kind.__struct_config__.tag): kind for kind in ROOM.client_frames}


@dataclass
class Person:
    """One person of the scenario, and what they saw."""

    client: Client
    streams: dict[str, Stream] = field(default_factory=dict)
    members: dict[str, Members] = field(default_factory=lambda: defaultdict(Members))
    left_at: dict[str, Position | None] = field(default_factory=dict)
    begun: dict[str, Begun] = field(default_factory=dict)
    feed: HeadsFeed | None = None
    people: PresenceFeed | None = None
    statuses: dict[str, str] = field(default_factory=dict)
    """Of the people whose presence is watched, how each is seen."""
    answers: list[Map] = field(default_factory=list)
    items: dict[str, list[Map]] = field(default_factory=lambda: defaultdict(list))
    heads: list[Map] = field(default_factory=list)
    presence: list[Map] = field(default_factory=list)
    counted: list[Map] = field(default_factory=list)

    def history(self) -> Map:
        seen = {
            "items": self.items,
            "heads": self.heads,
            "presence": self.presence,
            "counted": self.counted,
        }
        return {"answers": self.answers, **seen}


class Begun:
    """A command on its way."""

    def __init__(self) -> None:
        self.done = trio.Event()
        self.answer: Map = {}


class Driver:
    """Plays one scenario."""

    def __init__(self, ask: Ask, nursery: trio.Nursery, clients: AsyncExitStack) -> None:
        self.names: dict[str, Any] = {}
        self.people: dict[str, Person] = {}
        self._ask = ask
        self._nursery = nursery
        self._clients = clients

    async def play(self, steps: list[Map]) -> None:
        """Take every step. Raises AssertionError if somebody sees something else than they must."""
        for step in steps:
            try:
                await self._step(
                    {key: self._meant(value) for key, value in step.items() if key != "keep"}, step
                )
            except AssertionError as error:
                raise AssertionError(f"at {step}: {error}") from error

    async def _step(self, meant: Map, step: Map) -> None:
        if "by" not in meant:
            answer = await self._ask(meant)
            if "sign_in" in meant:
                await self._sign_in(meant["sign_in"], **answer)
            return
        person = self.people[meant["by"]]
        match meant:
            case {"send": command}:
                self._check(person, meant, step, await self._send(person, command))
            case {"begin": command, "as": name}:
                person.begun[name] = begun = Begun()
                self._nursery.start_soon(self._begin, person, command, begun)
                await trio.testing.wait_all_tasks_blocked()
            case {"settle": name}:
                begun = person.begun.pop(name)
                await begun.done.wait()
                self._check(person, meant, step, begun.answer)
            case {"signal": signal}:
                person.client.signal(_built(signal))
            case {"mark_read": stream, "number": number}:
                person.client.mark_read(stream, number)
            case {"set_status": status}:
                person.client.set_status(status)
            case _:
                await self._listen(person, meant)

    async def _listen(self, person: Person, meant: Map) -> None:
        match meant:
            case {"subscribe": stream}:
                since = person.left_at.pop(stream) if meant.get("resume") else None
                outcome = "accepted"
                try:
                    person.streams[stream] = await person.client.subscribe(stream, since=since)
                except RefusedError as error:
                    outcome = error.code.value
                person.answers.append({"t": "subscribe", "outcome": outcome})
                assert outcome == meant.get("expect", "accepted"), outcome
            case {"unsubscribe": stream}:
                followed = person.streams.pop(stream)
                person.left_at[stream] = followed.position
                followed.close()
            case {"see": stream, "until": wanted}:
                async for item in person.streams[stream]:
                    person.members[stream].take(item)
                    if (seen := _seen(item)) is not None and _shown(seen, wanted):
                        person.items[stream].append(seen)
                        if _holds(seen, wanted):
                            return
                raise AssertionError("the stream is over")
            case {"members": stream, **wanted}:
                known = person.members[stream]
                seen = {"count": known.count, "known": len(known.known), "complete": known.complete}
                person.counted.append(seen)
                assert _holds(seen, {key: wanted[key] for key in wanted.keys() - {"by"}}), seen
            case {"learn_members": stream}:
                answer = await self._ask({"members_of": stream, "for": meant["by"]})
                for page in answer["pages"]:
                    position = msgspec.convert(page["position"], Position)
                    assert person.members[stream].learn(
                        position, [member["user"] for member in page["members"]]
                    )
            case _:
                await self._watch(person, meant)

    async def _watch(self, person: Person, meant: Map) -> None:
        match meant:
            case {"watch_heads": rooms}:
                person.feed = await person.client.watch_heads(rooms)
            case {"see_head": wanted}:
                assert person.feed is not None
                async for head in person.feed:
                    kind = "gone" if isinstance(head, Gone) else "head"
                    if _holds({"kind": kind, **msgspec.to_builtins(head)}, wanted):
                        person.heads.append(wanted)
                        return
            case {"watch_presence": users}:
                person.people = await person.client.watch_presence(users)
                person.statuses = dict.fromkeys(users, "offline")
            case {"see_presence": wanted}:
                assert person.people is not None
                while person.statuses != wanted:
                    seen = await anext(person.people)
                    assert isinstance(seen, PersonPresence)
                    person.statuses[seen.user] = seen.status
                person.presence.append(wanted)
            case _:
                raise AssertionError("no such step")

    async def _sign_in(self, name: str, url: str, token: str) -> None:
        async def provide() -> str:
            return token

        client = await self._clients.enter_async_context(connect(url, token=provide, policy=QUICK))
        assert client.user is not None
        self.names[name] = client.user
        self.people[name] = Person(client)

    async def _send(self, person: Person, command: Map) -> Map:
        try:
            accepted = await person.client.send(_built({**command, "client_id": person.client.new_id()}))
        except RefusedError as error:
            return {
                "t": command["t"],
                "outcome": error.code.value,
                "field": error.field,
                "retry": error.retry,
            }
        return {"t": command["t"], "outcome": "accepted", **_answer(accepted)}

    async def _begin(self, person: Person, command: Map, begun: Begun) -> None:
        begun.answer = await self._send(person, command)
        begun.done.set()

    def _check(self, person: Person, meant: Map, step: Map, answer: Map) -> None:
        person.answers.append(answer)
        assert answer["outcome"] == meant.get("expect", "accepted"), answer
        for name, path in step.get("keep", {}).items():
            value: Any = answer
            for part in path.split("."):
                value = value[part]
            self.names[name] = value

    def _meant(self, value: Any) -> Any:
        """With names replaced by what they stand for."""
        if isinstance(value, dict):
            return {self._meant(key): self._meant(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._meant(inner) for inner in value]
        return self.names[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def _built(frame: Map) -> Any:
    """A frame of the wire as its type, whatever is wrong with its values: that is for the server to say."""
    return _TYPES[frame["t"]](**{key: value for key, value in frame.items() if key != "t"})


def _answer(accepted: Accepted) -> Map:
    answer = None if accepted.answer is None else msgspec.msgpack.decode(accepted.answer)
    return {"stream": accepted.stream, "seq": accepted.seq, "events": accepted.events, "answer": answer}


def _seen(item: Item) -> Map | None:
    """An item as both drivers write it down."""
    match item:
        case Event(header=header, payload=payload, position=position):
            return {
                "kind": "event",
                "type": header.type,
                "seq": header.seq,
                "author": header.author,
                "marks": msgspec.to_builtins(header.marks),
                "erases": list(header.erases),
                "revokes": list(header.revokes),
                "payload": msgspec.to_builtins(payload),
                "position": msgspec.to_builtins(position),
            }
        case Snapshot(view=view, head=head, position=position):
            shown = {"view": msgspec.to_builtins(view), "position": msgspec.to_builtins(position)}
            return {"kind": "snapshot", "head": head, **shown}
        case Signal() | Read():
            kind = "signal" if isinstance(item, Signal) else "read"
            return {"kind": kind, **msgspec.to_builtins(item)}
        case Ended(error=RefusedError() as error):
            return {"kind": "ended", "code": error.code.value}
        case _:
            return None


def _shown(seen: Map, wanted: Map) -> bool:
    """Signals come when they please: only one that is waited for is written down."""
    return seen["kind"] not in {"signal", "read"} or _holds(seen, wanted)


def _holds(value: Any, wanted: Any) -> bool:
    """Whether ``value`` holds what ``wanted`` holds."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            key in value and _holds(value[key], inner) for key, inner in wanted.items()
        )
    return value == wanted
