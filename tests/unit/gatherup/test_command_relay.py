"""The relay of the command outbox: each command is sent until it is settled, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import trio
import trio.testing

from actors.inbox.kind import InboxKind
from actors.refusals import refused
from gatherup.command_relay import BACKOFF_MAX_S, LEASE_S, SENDING_MAX, SWEEP_S, CommandRelay
from protocol.codes import Code
from protocol.frames import Accepted, Command, Reply, Unknown
from protocol.inbox import EndLogins, inbox_of
from storage.postgres.driver.errors import LinkUnusable
from storage.postgres.outbox.commands import LATER, OutboxCommand
from tests.ports import NoStreams, SeededRandomness, TrioClock

ANN = "user:" + "a" * 32


def row(number: int) -> OutboxCommand:
    command = EndLogins(client_id=LATER, stream=inbox_of(ANN), why="banned")
    return OutboxCommand(
        id=UUID(int=number), by="system", command=msgspec.msgpack.encode(command), attempts=1
    )


class Rows:
    """Rows as the database keeps them, leases included."""

    def __init__(self, *rows: OutboxCommand) -> None:
        self.due = {one.id: (one, 0.0) for one in rows}
        self.claims: list[float] = []
        self.failing = 0

    async def claim(self, limit: int, *, lease_s: float) -> Sequence[OutboxCommand]:
        await trio.lowlevel.checkpoint()
        now = trio.current_time()
        self.claims.append(now)
        self._fail()
        taken = [one for one, at in self.due.values() if at <= now][:limit]
        for one in taken:
            again = msgspec.structs.replace(one, attempts=one.attempts + 1)
            self.due[one.id] = (again, now + lease_s)
        return taken

    async def waiting(self) -> int:
        await trio.lowlevel.checkpoint()
        return len(self.due)

    async def settle(self, row: OutboxCommand) -> None:
        await trio.lowlevel.checkpoint()
        self._fail()
        del self.due[row.id]

    async def put_off(self, row: OutboxCommand, wait_s: float) -> None:
        await trio.lowlevel.checkpoint()
        self._fail()
        self.due[row.id] = (self.due[row.id][0], trio.current_time() + wait_s)

    def _fail(self) -> None:
        if self.failing:
            self.failing -= 1
            raise LinkUnusable("away")


class Router(NoStreams):
    """Answers as told."""

    def __init__(self, answer: Callable[[int], Reply | None] | None = None) -> None:
        self.asked: list[tuple[Command, str]] = []
        self.under_way = self.under_way_max = 0
        self._answer = answer or (lambda _: None)

    async def ask(self, command: Command, *, by: str) -> Reply:
        self.asked.append((command, by))
        number = len(self.asked)
        self.under_way += 1
        self.under_way_max = max(self.under_way_max, self.under_way)
        await trio.lowlevel.checkpoint()
        self.under_way -= 1
        return self._answer(number) or Accepted(client_id=command.client_id)


def relay_of(rows: Rows, router: Router) -> CommandRelay:
    return CommandRelay(rows, router, [InboxKind()], TrioClock(), SeededRandomness(1))


async def run_for(relay: CommandRelay, seconds: float) -> None:
    with trio.move_on_after(seconds):
        await relay.run()


async def test_a_command_is_sent_as_it_was_enqueued_under_its_rows_id(autojump_clock: object) -> None:
    rows, router = Rows(row(7)), Router()
    await run_for(relay_of(rows, router), 1)
    ((command, by),) = router.asked
    assert command == EndLogins(client_id=str(UUID(int=7)), stream=inbox_of(ANN), why="banned")
    assert by == "system"
    assert not rows.due


async def test_who_has_nothing_to_send_asks_once_in_a_sweep(autojump_clock: object) -> None:
    rows = Rows()
    await run_for(relay_of(rows, Router()), SWEEP_S * 10 - 0.1)
    assert len(rows.claims) == 10


async def test_a_wakeup_is_heard_at_once_and_while_others_are_sent(autojump_clock: object) -> None:
    rows, router = Rows(), Router()
    relay = relay_of(rows, router)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.run)
        await trio.testing.wait_all_tasks_blocked()
        before = trio.current_time()
        rows.due[UUID(int=1)] = (row(1), 0.0)
        relay.wake()
        while rows.due:
            await trio.lowlevel.checkpoint()
        assert trio.current_time() == before
        nursery.cancel_scope.cancel()


async def test_what_cant_be_served_now_is_sent_again_as_a_resend(autojump_clock: object) -> None:
    def answer(number: int) -> Reply | None:
        if number == 1:
            return refused(Code.UNAVAILABLE)
        return Unknown(client_id=LATER) if number == 2 else None

    rows, router = Rows(row(1)), Router(answer)
    await run_for(relay_of(rows, router), SWEEP_S)
    assert [command.resend for command, _ in router.asked] == [False, True, True]
    assert len({command.client_id for command, _ in router.asked}) == 1
    assert not rows.due


async def test_a_command_refused_for_good_is_settled(autojump_clock: object) -> None:
    rows, router = Rows(row(1)), Router(lambda _: refused(Code.NOT_FOUND))
    await run_for(relay_of(rows, router), SWEEP_S * 5)
    assert len(router.asked) == 1
    assert not rows.due


async def test_a_command_of_a_later_version_waits_and_others_pass_it(autojump_clock: object) -> None:
    later = msgspec.structs.replace(row(1), command=msgspec.msgpack.encode({"t": "inbox.later"}))
    rows, router = Rows(later, row(2)), Router()
    await run_for(relay_of(rows, router), BACKOFF_MAX_S)
    assert len(router.asked) == 1
    assert list(rows.due) == [UUID(int=1)]


async def test_an_outage_of_the_database_loses_nothing(autojump_clock: object) -> None:
    rows, router = Rows(row(1)), Router()
    rows.failing = 2  # the claim, and then the settling
    await run_for(relay_of(rows, router), SWEEP_S + 0.1)
    assert len(router.asked) == 0
    await run_for(relay_of(rows, router), LEASE_S * 2)
    assert len({command.client_id for command, _ in router.asked}) == 1
    assert not rows.due


async def test_a_backlog_is_sent_bounded(autojump_clock: object) -> None:
    many = [row(number) for number in range(1, SENDING_MAX * 3)]
    rows, router = Rows(*many), Router()
    await run_for(relay_of(rows, router), 1)
    assert not rows.due
    assert len(router.asked) == len(many)
    assert router.under_way_max <= SENDING_MAX
