"""The kind in docs/kinds.md is as short as the page says, and runs: on a whole node, and over the SDK."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import trio

import gatherup.kinds
from actors.kind import AUTHORED, EVERYONE, LISTENERS, LISTENS_AFTER, Accept, FactKey, Job
from gatherup.client import ConnectionLostError, connect
from protocol.codec import FULL, InvalidFrameError, Subprotocol, codecs
from protocol.codes import Code
from protocol.event import decode_header
from protocol.frames import Accepted, Refused, StreamCommand
from protocol.ids import SYSTEM, derive_client_id
from tests.checkpoints import decoded, encoded
from tests.example_kind import KIND, PAGE, load_example, load_work
from tests.fold import Folded
from tests.sim.faults import SeededFaults
from tests.sim.node import SimNode
from tests.sim.truth import ObservedDatabase
from tests.sim.wire import Closed, SimWire

auction: Any = load_example()
SELLER, ANN, BOB = ("user:" + c * 32 for c in "5ab")
HANG_S = 3600.0
"""Of the mock clock."""
MSGPACK_LANE = list(Subprotocol).index(Subprotocol.MSGPACK)


def cid(name: str) -> str:
    return derive_client_id(name)


@asynccontextmanager
async def living(database: ObservedDatabase) -> AsyncGenerator[SimNode, None]:
    """A node that knows the kind, alone and without trouble. It doesn't stop, it is killed."""
    async with trio.open_nursery() as nursery:
        faults = SeededFaults("none", nursery)
        faults.heal()
        kinds = [auction.AuctionKind()]
        node = SimNode(
            "a", database=database, network=None, kinds=kinds, faults=faults, note=lambda *_: None, seed="1"
        )
        nursery.start_soon(node.run)
        with trio.fail_after(HANG_S):
            while not (node.up and node.ownership.shards):  # noqa: ASYNC110 - mock time
                await trio.sleep(0.01)
            yield node
        node.crash()


def observed() -> ObservedDatabase:
    return ObservedDatabase({"auction": auction.AuctionKind()})


async def ask(node: SimNode, by: str, name: str, **fields: Any) -> Accepted | Refused:
    assert node.runtime is not None
    command = getattr(auction, name)(**fields)
    reply = await node.runtime.router.ask(command, by=by)
    assert isinstance(reply, Accepted | Refused)
    return reply


async def opened(node: SimNode, open_for_ms: int) -> str:
    reply = await ask(node, SELLER, "OpenAuction", client_id=cid("open"), item="Cup", open_for_ms=open_for_ms)
    assert isinstance(reply, Accepted)
    assert reply.stream is not None
    return reply.stream


def types(database: ObservedDatabase, stream: str) -> list[str]:
    row = database.stream(stream)
    return [decode_header(event.header).type for event in row.events] if row else []


# --- what the page says of itself ------------------------------------------------------------------------


def test_it_is_a_whole_kind_in_about_90_lines_and_its_imports() -> None:
    lines = [line for line in KIND.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert max(map(len, KIND.text.splitlines())) <= 100
    assert 80 < len([line for line in lines if not line.startswith(("from ", "import "))]) <= 95
    for name in ("decide", "apply", "project", "erase", "effects", "view", "due", "on_due"):
        assert name in vars(auction.AuctionKind)


def test_it_is_registered_where_the_page_says() -> None:
    named = re.search(
        r"`(\w+)` in `gatherup/kinds\.py`: add `AuctionKind\(\)`", PAGE.read_text(encoding="utf-8")
    )
    assert named is not None
    assert {kind.wire.name for kind in getattr(gatherup.kinds, named[1])(b"k" * 32)} >= {"room", "inbox"}


@pytest.mark.parametrize("subprotocol", list(Subprotocol))
def test_clients_may_send_what_is_registered(subprotocol: Subprotocol) -> None:
    bid = auction.Bid(client_id=cid("bid"), stream="auction:" + "1" * 32, coins=3)
    codec = codecs((*FULL, *auction.AUCTION.client_frames))[subprotocol]
    assert codec.decode(codec.encode(bid)) == bid
    with pytest.raises(InvalidFrameError) as refusal:
        codecs()[subprotocol].decode(codec.encode(bid))
    assert refusal.value.refused.code is Code.UNKNOWN_TYPE


@pytest.mark.parametrize("erased", [False, True])
def test_the_state_comes_from_the_headers(erased: bool) -> None:
    folded = Folded(auction.AuctionKind(), "auction:" + "1" * 32)
    asked = [
        (auction.OpenAuction(client_id=cid("0"), item="Cup", open_for_ms=1000), SELLER),
        (auction.Bid(client_id=cid("1"), stream=folded.stream, coins=3), ANN),
        (auction.Bid(client_id=cid("2"), stream=folded.stream, coins=4), BOB),
    ]
    for command, by in asked:
        assert isinstance(folded.do(command, by), Accept)
    folded.now = folded.state.ends_at
    end = folded.kind.on_due(folded.state, folded.now)
    assert end is not None
    assert isinstance(folded.do(end, SYSTEM), Accept)
    state, _ = folded.refolded(erased=lambda _: erased)
    assert state == folded.state
    assert (state.price, state.leader, state.ended) == (4, BOB, True)
    assert decoded(encoded(state), folded.kind.state) == state


def test_a_deleted_seller_s_texts_leave_log_rows_and_state() -> None:
    folded = Folded(auction.AuctionKind(), "auction:" + "1" * 32)
    folded.do(auction.OpenAuction(client_id=cid("0"), item="Cup", open_for_ms=1000), SELLER)
    folded.do(auction.Bid(client_id=cid("1"), stream=folded.stream, coins=3), ANN)
    before = folded.state
    theirs = [int(key.key) for key, row in folded.rows.items() if row == {"author": SELLER}]
    for events in (theirs, ()):
        command = folded.kind.erase(folded.stream, SELLER, events)
        assert command is not None
        assert isinstance(folded.do(command, SYSTEM), Accept)
        assert not folded.kind.admits(command, by=SELLER)
    assert [payload is None for _, payload in folded.log] == [True, False, False]
    assert folded.rows == {FactKey(LISTENERS, EVERYONE): {LISTENS_AFTER: None}}
    assert "Cup" not in repr((folded.state, folded.log, folded.rows))
    assert folded.state == before == folded.refolded()[0]


# --- on a node -------------------------------------------------------------------------------------------


async def test_the_highest_bid_wins_once(autojump_clock: object) -> None:
    database = observed()
    async with living(database) as node:
        stream = await opened(node, 5000)
        bid = await ask(node, ANN, "Bid", client_id=cid("ann"), stream=stream, coins=3)
        low = await ask(node, BOB, "Bid", client_id=cid("bob"), stream=stream, coins=3)
        assert isinstance(low, Refused)
        assert (low.code, low.message, low.field) == (Code.INVALID, "Bid more than 3.", "coins")
        again = await ask(node, ANN, "Bid", client_id=cid("ann"), stream=stream, coins=3, resend=True)
        assert again == bid
        early = await ask(node, BOB, "EndAuction", client_id=cid("early"), stream=stream)
        assert isinstance(early, Refused)
        assert early.code is Code.FORBIDDEN
        await trio.sleep(60)
        late = await ask(node, BOB, "Bid", client_id=cid("late"), stream=stream, coins=9)
        assert isinstance(late, Refused)
        assert late.code is Code.FORBIDDEN
    row = database.stream(stream)
    assert row is not None
    assert types(database, stream) == ["auction.opened", "auction.bid_made", "auction.ended"]
    ended = decode_header(row.events[2].header)
    assert ended.author == SYSTEM
    assert ended.at - decode_header(row.events[0].header).at >= 5000
    assert list(row.jobs.values()) == [Job("hand_over", {"winner": ANN, "coins": 3})]
    assert row.rows == {
        FactKey(LISTENERS, EVERYONE): {LISTENS_AFTER: None},
        FactKey("lot", ""): {"item": "Cup"},
        FactKey(AUTHORED, "1"): {"author": SELLER},
    }
    assert row.wake_at is None


async def test_nothing_is_handed_over_without_a_bid(autojump_clock: object) -> None:
    database = observed()
    async with living(database) as node:
        stream = await opened(node, 1000)
        await trio.sleep(60)
    assert types(database, stream) == ["auction.opened", "auction.ended"]
    row = database.stream(stream)
    assert row is not None
    assert row.jobs == {}


async def test_it_outlives_the_node(autojump_clock: object) -> None:
    """Killed with a bid in the log and the time not over; the next life refuses, remembers and ends by itself."""
    database = observed()
    async with living(database) as node:
        stream = await opened(node, 60_000)
        bid = await ask(node, ANN, "Bid", client_id=cid("ann"), stream=stream, coins=3)
    async with living(database) as node:
        again = await ask(node, ANN, "Bid", client_id=cid("ann"), stream=stream, coins=3, resend=True)
        assert again == bid
        low = await ask(node, BOB, "Bid", client_id=cid("bob"), stream=stream, coins=2)
        assert isinstance(low, Refused)
    await trio.sleep(120)
    assert types(database, stream) == ["auction.opened", "auction.bid_made"]
    for _ in range(2):
        async with living(database):
            await trio.sleep(60)  # nobody asks for the stream
    assert types(database, stream) == ["auction.opened", "auction.bid_made", "auction.ended"]
    row = database.stream(stream)
    assert row is not None
    assert list(row.jobs.values()) == [Job("hand_over", {"winner": ANN, "coins": 3})]


# --- over the SDK ----------------------------------------------------------------------------------------


class Link:
    """The SDK's end of a connection in memory."""

    def __init__(self, wire: SimWire) -> None:
        self._wire = wire

    async def send(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self._wire.send(data)

    async def receive(self) -> bytes:
        try:
            return await self._wire.receive()
        except Closed as closed:
            raise ConnectionLostError(closed.code) from None

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()

    async def close(self) -> None:
        await trio.lowlevel.checkpoint()
        self._wire.cut()


class Connections:
    """Connects the SDK to whichever node lives."""

    def __init__(self, node: Callable[[], SimNode]) -> None:
        self._node = node

    async def connect(self, nursery: trio.Nursery) -> Link:
        await trio.lowlevel.checkpoint()
        wire = SimWire("sdk")
        if not self._node().connect(wire, MSGPACK_LANE):
            raise ConnectionLostError
        return Link(wire)


async def test_the_page_s_client_bids_and_wins(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It sees typed views and events, and the end of the auction though its node is killed before that."""
    database = observed()
    nodes: list[SimNode] = []
    won: list[bool] = []

    def reach(url: str, **options: Any) -> Any:
        assert url == "ws://auctions"
        return connect(url, connector=Connections(lambda: nodes[-1]), **options)

    async def bid(stream: str) -> None:
        won.append(await auction.bid_once("ws://auctions", ANN, stream, 7))

    monkeypatch.setattr(auction, "connect", reach)
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            async with living(database) as node:
                nodes.append(node)
                stream = await opened(node, 60_000)
                await ask(node, BOB, "Bid", client_id=cid("bob"), stream=stream, coins=3)
                nursery.start_soon(bid, stream)
                await trio.sleep(20)
            async with living(database) as node:
                nodes.append(node)
                await trio.sleep(100)
    assert won == [True]
    assert capsys.readouterr().out.splitlines() == ["stands at 3", f"{ANN} bids 7"]


async def test_a_snapshot_shows_each_user_their_own_view(autojump_clock: object) -> None:
    async with living(observed()) as node:
        stream = await opened(node, 60_000)
        await ask(node, ANN, "Bid", client_id=cid("ann"), stream=stream, coins=3)
        for user, leading in ((ANN, True), (BOB, False)):
            async with (
                connect(
                    "ws://auctions",
                    token=user,
                    kinds=[auction.AUCTION],
                    connector=Connections(lambda: node),
                ) as client,
                await client.subscribe(stream) as followed,
            ):
                snapshot: Any = await anext(followed)
                assert snapshot.view == auction.AuctionView(price=3, leading=leading)


class TakeOrder(StreamCommand, frozen=True, kw_only=True, tag="auction.take_order"):
    key: int
    order: list[int]


def test_work_is_gathered_in_slices_and_comes_back_with_its_key() -> None:
    page: Any = load_work()
    page.TakeOrder, page.best_order = TakeOrder, sorted
    stream, bids = "auction:" + "1" * 32, [SimpleNamespace(coins=coins) for coins in (3, 2, 5)]
    state = SimpleNamespace(stream=stream, changed_at=7, order_wanted=True, bids=bids)
    work = page.work(None, state)
    arguments: list[Any] = []

    def gathering() -> Generator[None]:
        arguments.extend((yield from work.gather()))

    assert len(list(gathering())) == len(bids)
    order = work.function(*arguments)
    assert page.worked(None, state, work.key, order) == TakeOrder(
        client_id="", stream=stream, key=7, order=[2, 3, 5]
    )
    state.order_wanted = False
    assert page.work(None, state) is None
