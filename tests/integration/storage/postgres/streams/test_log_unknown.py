"""Appends whose answer is lost, and owners that fight: what was promised holds on a real PostgreSQL.

A proxy stands between the log and the server and cuts the connection exactly where a test wants it cut.
"""

from __future__ import annotations

import random
from uuid import UUID

import pytest
import trio

from actors.ports.log import (
    Append,
    LogConflictError,
    LogOutcomeUnknownError,
    LogUnavailableError,
    Verdict,
)
from protocol.ids import stream_key
from storage.postgres.streams.log import PostgresLog
from tests import single
from tests.contract.rig import TABLES, append, new_stream
from tests.integration.storage.postgres.streams.cutting import Cut, Setting

pytestmark = pytest.mark.real


async def seqs(setting: Setting, stream: str) -> list[int]:
    return [e.seq for e in await single.read(setting.rig.log, stream, 0, 10_000)]


async def test_cut_before_the_server_got_it_nothing_is_written(setting: Setting) -> None:
    stream, activation = await setting.opened()
    one = append(stream, activation, 0, 2)
    setting.proxy.cut = Cut.BEFORE_THE_SERVER
    with pytest.raises(LogOutcomeUnknownError):
        await setting.write(one)
    assert await seqs(setting, stream) == []
    assert await setting.write(one, wait=True) == [Verdict.ACCEPTED]
    assert await seqs(setting, stream) == [1, 2]


async def test_cut_after_the_commit_the_identical_append_is_a_duplicate(setting: Setting) -> None:
    stream, activation = await setting.opened()
    other, o = await setting.opened()
    appends = append(stream, activation, 0, 2), append(other, o, 0, 1, receipts=())
    setting.proxy.cut = Cut.BEFORE_THE_ANSWER
    with pytest.raises(LogOutcomeUnknownError):
        await setting.write(*appends)
    assert await seqs(setting, stream) == [1, 2]
    assert await setting.write(*appends, wait=True) == [Verdict.DUPLICATE, Verdict.BEHIND]
    assert await setting.settle(appends[0]) == [True]
    assert await seqs(setting, stream) == [1, 2]
    assert await seqs(setting, other) == [1]


async def test_a_late_first_attempt_and_its_repeat_write_once(setting: Setting) -> None:
    """The first attempt waits for a row on the server while its client is gone; the repeat waits behind it."""
    stream, activation = await setting.opened()
    one = append(stream, activation, 0, 2)
    verdicts: list[Verdict] = []

    async def repeat() -> None:
        verdicts.extend(await setting.write(one, wait=True))

    async with trio.open_nursery() as nursery, setting.rig.held(stream):
        setting.proxy.cut = Cut.AT_ONCE
        with pytest.raises(LogOutcomeUnknownError):
            await setting.write(one, wait=True)
        await setting.rig.waiting(1)
        nursery.start_soon(repeat)
        await setting.rig.waiting(2)
    assert verdicts == [Verdict.DUPLICATE]
    assert await seqs(setting, stream) == [1, 2]


async def test_an_activation_defeats_a_late_first_attempt(setting: Setting) -> None:
    """With the row held by the activation, the old attempt can only come after it, and is fenced."""
    stream, activation = await setting.opened()
    one = append(stream, activation, 0)
    async with trio.open_nursery() as nursery, setting.rig.held(stream):
        nursery.start_soon(setting.activation, stream)
        await setting.rig.waiting(1)
        setting.proxy.cut = Cut.AT_ONCE
        with pytest.raises(LogOutcomeUnknownError):
            await setting.write(one, wait=True)
        await setting.rig.waiting(2)
    newest = await setting.activation(stream)  # waits for the late one, whatever became of it
    written = await seqs(setting, stream)
    assert written in ([], [1])
    assert await setting.settle(one) == [written == [1]]
    assert await setting.write(append(stream, newest, len(written))) == [Verdict.ACCEPTED]


async def test_a_backend_that_was_terminated_while_waiting_wrote_nothing(setting: Setting) -> None:
    stream, activation = await setting.opened()
    one = append(stream, activation, 0)
    unknown: list[LogOutcomeUnknownError] = []

    async def write() -> None:
        with pytest.raises(LogOutcomeUnknownError) as caught:
            await setting.write(one, wait=True)
        unknown.append(caught.value)

    async with setting.rig.held(stream), trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await setting.rig.waiting(1)
        await setting.rig.admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database()"
        )
    assert unknown
    assert await setting.settle(one) == [True]
    assert await seqs(setting, stream) == [1]


async def test_after_a_restart_of_the_server_the_log_comes_back_by_itself(setting: Setting) -> None:
    stream, activation = await setting.opened()
    await setting.rig.admin.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    # Nothing was in flight, so nothing is unknown: idle connections are replaced.
    assert await setting.write(append(stream, activation, 0)) == [Verdict.ACCEPTED]


async def test_no_server_is_unavailable_at_once(setting: Setting) -> None:
    log = PostgresLog("host=127.0.0.1 port=1 dbname=x user=x", setting.rig.pool, setting.rig.clock, TABLES)
    async with log:
        with pytest.raises(LogUnavailableError):
            await log.append(setting.fence, [append(new_stream(), 1, 0)], wait_for_locks=False)


@pytest.mark.slow
async def test_connections_cut_at_random_write_each_event_exactly_once(setting: Setting) -> None:
    """200 batches of 8 streams, most of them cut somewhere; each is settled by the identical append."""
    chance = random.Random(5)
    streams = [await setting.opened() for _ in range(20)]
    heads = dict.fromkeys((stream for stream, _ in streams), 0)
    sent: dict[str, list[str]] = {stream: [] for stream in heads}
    unknown = 0
    for _ in range(200):
        batch = [append(s, a, heads[s], 2) for s, a in chance.sample(streams, 8)]
        setting.proxy.cut = chance.choice(list(Cut))
        try:
            assert await setting.write(*batch) == [Verdict.ACCEPTED] * 8
        except LogOutcomeUnknownError:
            unknown += 1
            assert await setting.settle(*batch) == [True] * 8
        for one in batch:
            heads[one.stream] += 2
            sent[one.stream] += [r.client_id for r in one.receipts]
    assert unknown > 100
    for stream, head in heads.items():
        assert await seqs(setting, stream) == list(range(1, head + 1))
        assert await _client_ids(setting, stream) == sent[stream]


class Writer:
    """One of two committers that write overlapping streams, and sometimes take them over."""

    def __init__(self, setting: Setting, streams: list[str], seed: int) -> None:
        self._setting = setting
        self._chance = random.Random(seed)
        self._streams = streams
        self._owned: dict[str, tuple[int, int]] = dict.fromkeys(streams, (0, 0))
        self.accepted: set[tuple[str, int, str]] = set()
        self.refused: set[str] = set()
        self.trouble = 0

    async def run(self, rounds: int) -> None:
        for _ in range(rounds):
            # Shuffled: the order in which a call names its streams must not matter.
            batch = [
                append(s, activation, head, 2)
                for s in self._chance.sample(self._streams, 6)
                for activation, head in [self._owned[s]]
            ]
            try:
                verdicts = await self._setting.rig.log.append(
                    self._setting.fence, batch, wait_for_locks=self._chance.random() < 0.5
                )
            except LogConflictError:
                self.trouble += 1
                continue
            for one, verdict in zip(batch, verdicts, strict=True):
                self._learn(one, verdict)
            if self._chance.random() < 0.4:
                await self._take_over()

    def _learn(self, one: Append, verdict: Verdict) -> None:
        ids = [r.client_id for r in one.receipts]
        if verdict is Verdict.ACCEPTED:
            self.accepted.update((one.stream, e.seq, i) for e, i in zip(one.events, ids, strict=True))
            self._owned[one.stream] = (one.activation, one.head + 2)
        else:
            self.refused.update(ids)

    async def _take_over(self) -> None:
        for stream in self._chance.sample(self._streams, 4):
            made = await single.activate(
                self._setting.rig.log,
                self._setting.fence,
                stream,
                epoch=self._setting.epoch,
                create=False,
                state_version=1,
            )
            assert made is not None
            self._owned[stream] = (made.activation, made.head)


@pytest.mark.slow
async def test_two_committers_that_take_streams_from_each_other(setting: Setting) -> None:
    """No deadlock, no event lost, none twice, none of a refused append, and heads that agree with the log."""
    streams = [(await setting.opened())[0] for _ in range(12)]
    writers = [Writer(setting, streams, seed) for seed in (1, 2)]
    async with trio.open_nursery() as nursery:
        for writer in writers:
            nursery.start_soon(writer.run, 400)
    accepted = writers[0].accepted | writers[1].accepted
    refused = writers[0].refused | writers[1].refused
    assert len(accepted) > 500
    assert len(refused) > 500
    assert writers[0].trouble + writers[1].trouble == 0  # a deadlock would be a conflict
    written: set[tuple[str, int, str]] = set()
    for stream in streams:
        numbers = await seqs(setting, stream)
        assert numbers == list(range(1, len(numbers) + 1))
        written |= {(stream, n, i) for n, i in enumerate(await _client_ids(setting, stream), 1)}
        made = await single.activate(
            setting.rig.log, setting.fence, stream, epoch=setting.epoch, create=False, state_version=1
        )
        assert made is not None
        assert made.head == len(numbers)
    assert written == accepted
    assert not refused & {client_id for _, _, client_id in written}


async def _client_ids(setting: Setting, stream: str) -> list[str]:
    """The client ids of a stream's receipts, in the order of their events."""
    cursor = await setting.rig.admin.execute(
        "select client_id::text from receipt where stream_id = %s order by first_seq",
        (UUID(bytes=stream_key(stream)),),
    )
    return [client_id for (client_id,) in await cursor.fetchall()]
