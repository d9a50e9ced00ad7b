"""Which server carries a channel: the one there is, the primary that Sentinels name, or the owner of its slot."""

from __future__ import annotations

from binascii import crc_hqx
from typing import Final, Protocol

import trio
from typing_extensions import override

from actors.ports.time import Clock
from storage.redis.address import Address, Endpoint, Kind
from storage.redis.connection import BROKEN, Connection, connected
from storage.redis.resp import Reply, RespError

ASK_TIMEOUT_S: Final = 0.5
"""What one Sentinel or node gets to answer; a dead one must leave time for the others."""
SLOTS: Final = 16384


class NoServerError(Exception):
    """Nobody who was asked knows a server for the channel."""


class Topology(Protocol):
    """Knows the servers. ``publish`` and ``subscribe`` are the commands they take."""

    publish: str
    subscribe: str
    moves: bool
    """Whether a channel may come to be at another server."""

    async def locate(self, channel: str) -> Endpoint:
        """Where the channel is, as last learnt. Asks if nothing is known. Raises NoServerError."""
        ...

    async def refresh(self) -> None:
        """Ask again; what was learnt stays if nobody answers. Raises NoServerError."""
        ...

    async def check(self, connection: Connection) -> None:
        """Raises NoServerError if this server doesn't carry channels for all to hear."""
        ...


def topology(address: Address, clock: Clock) -> Topology:
    """The topology an address speaks of."""
    match address.kind:
        case Kind.SERVER:
            return OneServer(address)
        case Kind.SENTINEL:
            return SentinelTopology(address, clock)
        case Kind.CLUSTER:
            return ClusterTopology(address, clock)


class OneServer(Topology):
    """The topology of a single server, which the address names."""

    publish, subscribe, moves = "PUBLISH", "SUBSCRIBE", False

    def __init__(self, address: Address) -> None:
        (self._endpoint,) = address.endpoints

    @override
    async def locate(self, channel: str) -> Endpoint:
        return self._endpoint

    @override
    async def refresh(self) -> None:
        pass

    @override
    async def check(self, connection: Connection) -> None:
        pass


class SentinelTopology(Topology):
    """All Sentinels are asked at once; of different answers, the newest fail-over's (its epoch) holds."""

    publish, subscribe, moves = "PUBLISH", "SUBSCRIBE", True

    def __init__(self, address: Address, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._primary: Endpoint | None = None

    @override
    async def locate(self, channel: str) -> Endpoint:
        if self._primary is None:
            await self.refresh()
        assert self._primary is not None
        return self._primary

    @override
    async def refresh(self) -> None:
        answers: list[tuple[int, Endpoint]] = []
        async with trio.open_nursery() as nursery:
            for sentinel in self._address.endpoints:
                nursery.start_soon(self._ask, sentinel, answers)
        if not answers:
            raise NoServerError(f"no Sentinel names a primary for {self._address.service}")
        _, self._primary = max(answers, key=lambda answer: answer[0])

    @override
    async def check(self, connection: Connection) -> None:
        """Accept only a primary: what is published at a replica reaches only its own subscribers."""
        match await connection.call("ROLE"):
            case [b"master", *_]:
                return
            case _:
                raise NoServerError("the server that the Sentinels name is no primary yet")

    async def _ask(self, sentinel: Endpoint, answers: list[tuple[int, Endpoint]]) -> None:
        with self._clock.deadline(ASK_TIMEOUT_S):
            try:
                async with connected(self._address, sentinel, sentinel=True) as connection:
                    facts = _pairs(await connection.call("SENTINEL", "MASTER", self._address.service))
                answer = int(facts["config-epoch"]), Endpoint(facts["ip"], int(facts["port"]))
            except (*BROKEN, RespError, KeyError, ValueError):
                return  # one of several; who hears from none says so
            answers.append(answer)


class ClusterTopology(Topology):
    """The first node that answers tells whose each slot is."""

    publish, subscribe, moves = "SPUBLISH", "SSUBSCRIBE", True

    def __init__(self, address: Address, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._ranges: list[tuple[int, int, Endpoint]] = []

    @override
    async def locate(self, channel: str) -> Endpoint:
        if not self._ranges:
            await self.refresh()
        slot = slot_of(channel)
        for first, last, endpoint in self._ranges:
            if first <= slot <= last:
                return endpoint
        self._ranges = []
        raise NoServerError(f"no node of the cluster has slot {slot}")

    @override
    async def refresh(self) -> None:
        known = dict.fromkeys((*(endpoint for *_, endpoint in self._ranges), *self._address.endpoints))
        for node in known:
            with self._clock.deadline(ASK_TIMEOUT_S):
                try:
                    async with connected(self._address, node) as connection:
                        ranges = _slot_ranges(await connection.call("CLUSTER", "SLOTS"), node)
                except (*BROKEN, RespError):
                    continue
                if ranges:
                    self._ranges = ranges
                    return
        self._ranges = []
        raise NoServerError("no node of the cluster says whose its slots are")

    @override
    async def check(self, connection: Connection) -> None:
        """Accept any node: one that doesn't have the slot refuses the command."""


def slot_of(channel: str) -> int:
    """A channel's slot, as https://valkey.io/topics/cluster-spec/ has it: CRC16 (XMODEM) of its hash tag or all."""
    key = channel.encode()
    start = key.find(b"{")
    end = key.find(b"}", start + 1) if start >= 0 else -1
    return crc_hqx(key[start + 1 : end] if end > start + 1 else key, 0) % SLOTS


def _pairs(reply: Reply) -> dict[str, str]:
    items = [item.decode() for item in reply if isinstance(item, bytes)] if isinstance(reply, list) else []
    return dict(zip(items[::2], items[1::2], strict=False))


def _slot_ranges(reply: Reply, asked: Endpoint) -> list[tuple[int, int, Endpoint]]:
    """[first, last, [host, port, …] of the primary, replicas …]; an empty host is that of the node asked."""
    ranges: list[tuple[int, int, Endpoint]] = []
    for entry in reply if isinstance(reply, list) else []:
        match entry:
            case [int(first), int(last), [bytes() | None as host, int(port), *_], *_]:
                ranges.append(
                    (first, last, Endpoint((host or b"").decode(errors="replace") or asked.host, port))
                )
            case _:
                continue
    return ranges
