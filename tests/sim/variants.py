"""Deliberate bugs, to show that the checkers can fail: each breaks one thing the promises rest on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from actors.ports import Append, LogOutcomeUnknownError, LogUnavailableError, Verdict
from actors.relay import Relay, Subscription
from actors.relay.ring import RelayedEvent
from actors.runtime.cell import Cell
from actors.runtime.draft import Draft
from actors.runtime.due import DueWork
from actors.session.outbox import Outbox
from protocol.ids import derive_client_id
from storage.memory.database import MemoryDatabase
from storage.memory.log import MemoryLog

VARIANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {}


def _variant(broken: Callable[[], Generator[None]]) -> None:
    VARIANTS[broken.__name__.removeprefix("_")] = contextmanager(broken)


@_variant
def _publish_before_commit() -> Generator[None]:
    submit = Cell._submit

    async def early(self: Any, append: Append) -> Any:
        if append.events:
            self._around.publish(self.stream, append.events)
        return await submit(self, append)

    with patch.object(Cell, "_submit", early):
        yield


@_variant
def _dedupe_off() -> Generator[None]:
    judge = MemoryDatabase.judge

    def forgetful(self: Any, append: Append) -> Verdict:
        return judge(self, replace(append, receipts=()))

    async def no_receipts(self: Any, envelopes: Any) -> None:
        return None

    with (
        patch.object(MemoryDatabase, "judge", forgetful),
        patch.object(Cell, "_answer_from_receipts", no_receipts),
    ):
        yield


def _shifted(by: int) -> Generator[None]:
    attach = Relay.attach

    async def shifted(self: Any, subscription: Any, *, after: int, head: int, opening: bytes) -> None:
        await attach(self, subscription, after=min(max(after + by, 0), head), head=head, opening=opening)

    with patch.object(Relay, "attach", shifted):
        yield


@_variant
def _resume_one_too_far() -> Generator[None]:
    yield from _shifted(1)


@_variant
def _resume_one_too_early() -> Generator[None]:
    yield from _shifted(-1)


@_variant
def _working_state_leaks() -> Generator[None]:
    draft_of = Cell._draft

    async def leaking(self: Any) -> Draft:
        draft = await draft_of(self)
        self.active.state = draft.state
        return draft

    with patch.object(Cell, "_draft", leaking):
        yield


@_variant
def _effects_lost() -> Generator[None]:
    append_of = Draft.append

    def forgetful(self: Draft, activation: int, *, owed: Any) -> Append:
        return replace(append_of(self, activation, owed=None), effects_seq=self.head, wake_at=None)

    with patch.object(Draft, "append", forgetful):
        yield


@_variant
def _effects_without_their_client_id() -> Generator[None]:
    attempts = count()

    def fresh(*cause: str) -> str:
        return derive_client_id(*cause, str(next(attempts)))

    with patch("actors.runtime.effects.derive_client_id", fresh):
        yield


@_variant
def _unknown_told_as_refused() -> Generator[None]:
    append = MemoryLog.append

    async def sure(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await append(self, *args, **kwargs)
        except LogOutcomeUnknownError as error:
            raise LogUnavailableError from error

    with patch.object(MemoryLog, "append", sure):
        yield


@_variant
def _revocations_ignored() -> Generator[None]:
    with patch.object(Subscription, "revoked_by", lambda self, event: False):
        yield


@_variant
def _erased_bodies_stay_in_the_ring() -> Generator[None]:
    with patch.object(RelayedEvent, "erase", lambda self: None):
        yield


@_variant
def _slow_readers_are_kept() -> Generator[None]:
    def endless(self: Any, framed: bytes) -> None:
        self._queue.append(framed)
        self.queued_bytes += len(framed)

    with patch.object(Outbox, "_enqueue", endless):
        yield


@_variant
def _due_work_is_not_swept() -> Generator[None]:
    async def never(self: Any) -> None:
        return None

    with patch.object(DueWork, "_sweep", never):
        yield
