"""Deliberate bugs, to show that the checkers can fail: each breaks one thing the promises rest on.

One that shows only when rare things meet comes with a world in which these are common.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from itertools import count
from math import inf
from typing import Any, cast
from unittest.mock import patch

import trio
from msgspec.structs import replace

from actors.cluster import outgoing
from actors.cluster.calls import Calls, CommandCall
from actors.cluster.lease import FailureDetector
from actors.cluster.link import Arrival, Incoming
from actors.cluster.member import Membership
from actors.cluster.outgoing import Outgoing
from actors.cluster.ownership import Ownership
from actors.cluster.placement import rebalancing
from actors.cluster.receiving import Receiving
from actors.cluster.registrations import Registrations
from actors.cluster.saying_again import SayingAgain
from actors.cluster.showing import Showing
from actors.kind import Decision, Instant, Kind
from actors.ports.cluster_view import ClusterView, Member, shard_of
from actors.ports.log import Append, LogOutcomeUnknownError, LogUnavailableError, Verdict
from actors.ports.logins import LoginStatus
from actors.presence import Presence, roster
from actors.presence.roster import Rosters
from actors.relay import Relay, Subscription, Watch
from actors.relay.ring import RelayedEvent
from actors.relay.signals import Signals
from actors.runtime import entity, router, snapshots
from actors.runtime import limits as runtime_limits
from actors.runtime.cell import Cell
from actors.runtime.draft import Draft
from actors.runtime.due import DueWork
from actors.runtime.entity import Entity
from actors.runtime.owed import Owed, PendingEffect
from actors.runtime.router import Router
from actors.runtime.supervisor import Supervisor
from actors.runtime.trials import Trials
from actors.runtime.work import Done, StreamWork
from actors.session.authority import LOGINS_ENDED, Authority
from actors.session.connection_writer import ConnectionWriter
from actors.session.logins import LoginReader
from actors.session.unread import UnreadWatch
from actors.session.unread_counter import UnreadCounter
from actors.tournament import apply, apply_matches, apply_picking, corrections, matches, picking, sides, teams
from actors.tournament.engine import correction
from actors.tournament.kind import TournamentKind
from actors.tournament.state import Match, Tournament
from protocol import limits
from protocol.ids import derive_client_id, kind_of
from protocol.inbox import inbox_of
from protocol.nodes import PassSignal
from protocol.room.hosting import HostRoom
from protocol.tournament.commands import Advance
from storage.memory.database import MemoryDatabase
from storage.memory.faults import Outcome
from storage.memory.log import MemoryLog
from tests.sim import tournaments, trouble, workload
from tests.sim.gathering_variants import GATHERING_VARIANTS
from tests.sim.schedule import SMALL
from tests.sim.stage_variants import STAGE_VARIANTS
from tests.sim.trouble import Trouble

VARIANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    **STAGE_VARIANTS,
    **GATHERING_VARIANTS,
}


def _variant(broken: Callable[[], Generator[None]]) -> None:
    VARIANTS[broken.__name__.removeprefix("_")] = contextmanager(broken)


# --- the log, the cell, the relay ---------------------------------------------------------------------------------


@_variant
def _publish_before_commit() -> Generator[None]:
    submit = Cell._submit

    async def early(self: Any, append: Append) -> Any:
        if append.events:
            self._context.publisher.publish(self.stream, append.events)
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
    decide = Cell._decide

    def leaking(self: Any, facts: Any) -> Draft:
        draft = decide(self, facts)
        self.active.state = draft.state
        return draft

    with patch.object(Cell, "_decide", leaking):
        yield


@_variant
def _what_a_batch_has_no_time_for_is_skipped() -> Generator[None]:
    def skipping(self: Any, number: int) -> None:
        self.taken = self.taken[:number]

    with patch.object(Cell, "_leave_from", skipping), _batches_are_short():
        yield


@contextmanager
def _batches_are_short() -> Generator[None]:
    """Every look at the clock takes half of what a batch has."""
    with (
        patch("tests.sim.clock.LOOKS_S", (1e-6,)),
        patch.dict(SMALL, {(runtime_limits, "STEP_S"): 2e-6}),
    ):
        yield


@_variant
def _effects_lost() -> Generator[None]:
    append_of = Draft.append

    def forgetful(self: Draft, activation: int, *, pending: Any, retry_at: Any) -> Append:
        append = append_of(self, activation, pending=None, retry_at=None)
        return replace(append, effects_seq=self.head, wake_at=None)

    with patch.object(Draft, "append", forgetful):
        yield


@_variant
def _effects_are_owed_without_end() -> Generator[None]:
    decide = Draft.decide

    def lavish(self: Any, *args: Any) -> None:
        self.sends_max = 1_000_000
        decide(self, *args)

    with patch.object(Draft, "decide", lavish), _targets_are_slow():
        yield


@_variant
def _what_settles_late_is_passed_over() -> Generator[None]:
    newest = property(lambda self: next(reversed(self._unsettled.values()), None))
    with patch.object(Owed, "oldest", newest):
        yield


@_variant
def _effects_are_sent_by_who_may_not_act() -> Generator[None]:
    with (
        patch("actors.runtime.effects.Delivery.may_send", lambda self: True),
        patch("tests.sim.trouble.OFTEN_S", (1.0,)),
        _targets_are_slow(),
    ):
        yield


@contextmanager
def _targets_are_slow() -> Generator[None]:
    """A world in which much is owed for long."""
    with patch("tests.sim.faults.TROUBLES", (0.3,)), patch("tests.sim.people.PACES_S", (0.1,)):
        yield


@_variant
def _effects_without_their_client_id() -> Generator[None]:
    attempts = count()

    def fresh(*cause: str) -> str:
        return derive_client_id(*cause, str(next(attempts)))

    with patch("actors.runtime.effects.derive_client_id", fresh):
        yield


@_variant
def _a_result_is_taken_though_its_input_has_changed() -> Generator[None]:
    take = StreamWork._take

    async def trusting(self: Any, done: Done) -> bool:
        work = self._wanted()
        return await take(self, done if work is None else replace(done, key=work.key))

    with patch.object(StreamWork, "_take", trusting):
        yield


@_variant
def _work_is_forgotten_with_its_owner() -> Generator[None]:
    def forgetful(kind: Kind[Any], state: Any, last_at: Instant, *, effects_at: Instant | None) -> Any:
        return min((at for at in (kind.due(state), effects_at) if at is not None), default=None)

    with patch("actors.runtime.draft.wake_at", forgetful):
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
    with patch.object(Subscription, "revoked_by", _never):
        yield


@_variant
def _erased_bodies_stay_in_the_ring() -> Generator[None]:
    with (
        patch.object(RelayedEvent, "erase", _nothing),
        patch.dict(SMALL, {(limits, "RING_EVENTS_MAX"): 30}),
        patch("tests.sim.trouble.OFTEN_S", (6.0,)),
    ):
        yield


@_variant
def _slow_readers_are_kept() -> Generator[None]:
    def endless(self: Any, framed: bytes) -> None:
        self._queue.append(framed)
        self.queued_bytes += len(framed)

    with patch.object(ConnectionWriter, "_enqueue", endless):
        yield


@_variant
def _due_work_is_not_swept() -> Generator[None]:
    async def never(self: Any) -> None:
        return None

    with patch.object(DueWork, "_sweep", never):
        yield


@_variant
def _no_gap_repair() -> Generator[None]:
    with patch.object(Relay, "_repair_soon", _nothing):
        yield


# --- a thousand at once -------------------------------------------------------------------------------------------


@contextmanager
def _herded() -> Iterator[None]:
    with patch("tests.sim.herd.HERDED", 1.0):
        yield


@_variant
def _every_stream_is_activated_by_itself() -> Generator[None]:
    alone = {(runtime_limits, "ACTIVATION_LINES"): 1000, (runtime_limits, "ACTIVATIONS_PER_CALL_MAX"): 1}
    with patch.dict(SMALL, alone), _herded():
        yield


@_variant
def _all_that_is_idle_goes_at_once() -> Generator[None]:
    with patch.dict(SMALL, {(runtime_limits, "PASSIVATIONS_PER_STEP_MAX"): 1000}), _herded():
        yield


@_variant
def _all_that_is_overdue_is_woken_at_once() -> Generator[None]:
    at_once = {(runtime_limits, "DUE_WAKES_PER_S"): 10**6, (runtime_limits, "DUE_PAGE_STREAMS_MAX"): 1000}
    with patch.dict(SMALL, at_once), _herded():
        yield


@_variant
def _what_stays_due_hides_what_is_due_after_it() -> Generator[None]:
    due = MemoryLog.due

    async def first(self: Any, *args: Any, after: Any = None) -> Any:
        return await due(self, *args) if after is None else []

    with patch.object(MemoryLog, "due", first), _herded():
        yield


@contextmanager
def _idle_in_masses() -> Iterator[None]:
    with patch("tests.sim.idlers.IDLE", 1.0):
        yield


@_variant
def _what_is_let_go_leaves_no_checkpoint() -> Generator[None]:
    checkpoint = Cell._checkpoint

    async def silent(self: Cell) -> None:
        if not self.passivating:
            await checkpoint(self)

    with patch.object(Cell, "_checkpoint", silent), _idle_in_masses():
        yield


@_variant
def _what_comes_while_a_checkpoint_is_kept_is_dropped() -> Generator[None]:
    checkpoint = Cell._checkpoint

    async def deaf(self: Cell) -> None:
        await checkpoint(self)
        if self.passivating:
            self.mailbox.take(1000)

    with patch.object(Cell, "_checkpoint", deaf), _idle_in_masses():
        yield


# --- tournaments --------------------------------------------------------------------------------------------------


@contextmanager
def _played() -> Iterator[None]:
    """A world of brackets."""
    with patch("tests.sim.tournaments.PLAYED", 1.0), patch("tests.sim.tournament_settings.STAGED", 0.0):
        yield


@_variant
def _timers_of_a_tournament_come_back_with_its_next_owner() -> Generator[None]:
    put, fold, folding = apply_matches._with, Entity._fold, ContextVar("folding", default=False)

    async def folded(self: Entity, *args: Any) -> None:
        token = folding.set(True)
        await fold(self, *args)
        folding.reset(token)

    def kept(tournament: Tournament, number: int, match: Match) -> Tournament:
        after = put(tournament, number, match)
        return replace(after, timers=tournament.timers) if folding.get() and match.until is None else after

    async def nothing(self: Cell) -> None:
        """All is folded then."""

    with (
        patch.object(apply_matches, "_with", kept),
        patch.object(Entity, "_fold", folded),
        patch.object(Cell, "_checkpoint", nothing),
        _played(),
    ):
        yield


@_variant
def _a_clock_that_is_ahead_says_who_is_absent() -> Generator[None]:
    ahead_ms = 2000
    decide, due = TournamentKind.decide, TournamentKind.due

    def hasty(self: Any, state: Any, facts: Any, command: Any, *, by: str, now: Instant) -> Decision:
        ahead = ahead_ms if isinstance(command, Advance) else 0
        return decide(self, state, facts, command, by=by, now=now + ahead)

    def soon(self: Any, state: Tournament) -> Instant | None:
        at = due(self, state)
        return at if at is None or at == state.seq else at - ahead_ms

    with patch.object(TournamentKind, "decide", hasty), patch.object(TournamentKind, "due", soon), _played():
        yield


@_variant
def _players_are_not_called_by_the_next_owner() -> Generator[None]:
    pending = entity.pending_effects

    def forgetful(kind: Any, header: Any) -> list[PendingEffect]:
        return [] if header.type == "tournament.match_opened" else pending(kind, header)

    with patch.object(entity, "pending_effects", forgetful), _played():
        yield


@_variant
def _no_timer_wakes_a_tournament_that_nobody_watches() -> Generator[None]:
    wake = Supervisor.wake

    def deaf(self: Supervisor, stream: str, epoch: int) -> None:
        if kind_of(stream) != "tournament" or stream in self._shards[shard_of(stream)]:
            wake(self, stream, epoch)

    with (
        patch.object(Supervisor, "wake", deaf),
        patch("tests.sim.tournaments.READY_S", (6,)),
        patch("tests.sim.tournaments.PLAY_ON", 0.0),
        _played(),
    ):
        yield


@_variant
def _a_report_is_confirmed_twice() -> Generator[None]:
    own_match = sides.own_match

    def lenient(context: Any, number: int, phases: Any) -> Any:
        return own_match(context, number, phases | {"done"} if phases == {"reported"} else phases)

    with patch.object(matches, "own_match", lenient), _played():
        yield


@_variant
def _a_preview_takes_effect() -> Generator[None]:
    decided = corrections._decided

    def hasty(course: Any, command: Any, plan: Any) -> Decision:
        return decided(course, replace(command, preview=False, confirm=True), plan)

    with patch.object(corrections, "_decided", hasty), _played():
        yield


@_variant
def _who_lost_by_a_corrected_result_stays_where_they_were() -> Generator[None]:
    fill = correction._Correcting._fill

    def winners_only(self: Any, match: int, side: int, entrant: int | None) -> None:
        if self._bracket[match].part not in ("losers", "third"):
            fill(self, match, side, entrant)

    with patch.object(correction._Correcting, "_fill", winners_only), _played():
        yield


@_variant
def _what_is_kept_gives_way_to_a_correction() -> Generator[None]:
    plan = corrections._plan

    def eager(tournament: Tournament, found: Any, policy: Any, *again: Any) -> Any:
        return replace(plan(tournament, found, "reset", *again), policy=policy)

    with patch.object(corrections, "_plan", eager), _played():
        yield


@_variant
def _rooms_of_matches_are_not_made_by_the_next_owner() -> Generator[None]:
    pending = entity.pending_effects

    def forgetful(kind: Any, header: Any) -> list[PendingEffect]:
        owed = pending(kind, header)
        return [effect for effect in owed if not isinstance(effect.send.command, HostRoom)]

    with patch.object(entity, "pending_effects", forgetful), _played():
        yield


@contextmanager
def _match_events_mean(type_: str, change: Callable[[Match, Any], Match]) -> Iterator[None]:
    with patch.dict(apply._CHANGES, {type_: apply_matches._one(change)}), _played():
        yield


@_variant
def _time_goes_on_while_a_match_is_held() -> Generator[None]:
    held = apply_picking.MATCHES["tournament.held"]

    def going_on(match: Match, header: Any) -> Match:
        return replace(held(match, header), until=match.until)

    with _match_events_mean("tournament.held", going_on):
        yield


@_variant
def _a_match_that_is_put_off_is_opened_at_once() -> Generator[None]:
    scheduled = apply_picking.MATCHES["tournament.scheduled"]

    def hasty(match: Match, header: Any) -> Match:
        return replace(scheduled(match, header), until=header.at)

    with (
        _match_events_mean("tournament.scheduled", hasty),
        patch("tests.sim.tournaments.RULED", 1.0),
        patch("tests.sim.tournaments.PLAY_ON", 1.0),
        patch("tests.sim.tournaments.READY_S", (6,)),
        patch("tests.sim.tournaments.RATES", replace(tournaments.RATES, postponements=1.0, no_shows=0.0)),
    ):
        yield


@_variant
def _lots_of_picks_fall_without_the_draw() -> Generator[None]:
    by_lot = picking.by_lot

    def guessed(among: Any, draw: int, match: int, step: int) -> int:
        return by_lot(among, 0, match, step)

    with patch.object(picking, "by_lot", guessed), _played():
        yield


@_variant
def _two_teams_may_have_the_same_player() -> Generator[None]:
    with patch.object(teams, "_is_taken", lambda tournament, user: False), _played():
        yield


# --- who may hear a room ------------------------------------------------------------------------------------------


@contextmanager
def _rooms_change_often() -> Generator[None]:
    with patch("tests.sim.workload.GOVERNS", 0.4):
        yield


@_variant
def _who_listens_to_a_removed_room_goes_on() -> Generator[None]:
    def named(self: Subscription, event: RelayedEvent) -> bool:
        return event.seq > self.floor and self.user in event.revokes

    with patch.object(Subscription, "revoked_by", named), _rooms_change_often():
        yield


@_variant
def _removed_rooms_can_be_subscribed_to() -> Generator[None]:
    with patch("storage.memory.database.NOBODY", "?"), _rooms_change_often():
        yield


@_variant
def _history_is_everybodys() -> Generator[None]:
    with patch("storage.memory.database.LISTENS_AFTER", "?"), patch("tests.sim.workload.OPEN", 0.0):
        yield


@contextmanager
def _people_fall_out() -> Iterator[None]:
    """A world in which little else goes wrong, and people type much and for long."""
    with (
        patch("tests.sim.people.FALL_OUT", 1.0),
        patch("tests.sim.workload.TYPES", 0.6),
        patch("tests.sim.workload.GOVERNS", 0.0),
        patch.object(trouble, "OFTEN_S", (20.0,)),
    ):
        yield


@_variant
def _who_blocked_somebody_hears_their_signals() -> Generator[None]:
    pass_on = Signals._pass_on

    def deaf(self: Signals, frame: Any, blockers: Any) -> None:
        pass_on(self, frame, ())

    with patch.object(Signals, "_pass_on", deaf), _people_fall_out():
        yield


# --- what is unread -----------------------------------------------------------------------------------------------


@_variant
def _what_was_relayed_is_not_counted() -> Generator[None]:
    with patch.object(UnreadWatch, "hear", lambda self: self._heard.clear()):
        yield


@_variant
def _unread_goes_on_from_a_count_without_what_came_meanwhile() -> Generator[None]:
    counted = UnreadCounter.counted

    def forgetful(self: Any, head: Any, user: str) -> None:
        self._later.clear()
        counted(self, head, user)
        self.seq = 2**53

    with patch.object(UnreadCounter, "counted", forgetful):
        yield


# --- who is there -------------------------------------------------------------------------------------------------


@contextmanager
def _visited() -> Iterator[None]:
    with patch("tests.sim.visitors.VISITED", 1.0):
        yield


@_variant
def _who_was_on_a_lost_node_stays_there() -> Generator[None]:
    forget = Rosters.forget

    def clinging(self: Rosters, run: Any, *, before: float = inf) -> None:
        if before < inf:
            forget(self, run, before=before)

    with patch.object(Rosters, "forget", clinging), _visited():
        yield


@_variant
def _when_all_of_a_node_leave_at_once_nobody_says_so() -> Generator[None]:
    say = Presence._say

    def quiet(self: Presence, stream: str) -> None:
        if self._here(stream):
            say(self, stream)

    with patch.object(Presence, "_say", quiet), _visited():
        yield


@_variant
def _the_next_owner_is_not_told_who_is_there() -> Generator[None]:
    moved = Presence._moved

    def silent(self: Presence, change: Any) -> None:
        unsaid = self._unsaid.copy()
        moved(self, change)
        self._unsaid = unsaid

    with patch.object(Presence, "_moved", silent), _visited():
        yield


@_variant
def _everybody_is_named_however_many_there_are() -> Generator[None]:
    many = {(roster, "PRESENT_USERS_MAX"): 1000, (limits, "PRESENT_USERS_MAX"): 1000}
    with patch.dict(SMALL, many), _visited():
        yield


# --- logins and inboxes -------------------------------------------------------------------------------------------


@contextmanager
def _logins_end_while_they_are_read() -> Generator[None]:
    """A world of many logins and slow answers, without the items that would show that an event before is missing."""
    status = LoginReader.status

    async def slow(self: Any, login: Any) -> Any:
        found = await status(self, login)
        await trio.sleep(0.3)
        return found

    async def idle(*args: Any) -> None:
        return None

    with (
        patch.object(LoginReader, "status", slow),
        patch("tests.sim.people.OFTEN_S", (0.3,)),
        patch("tests.sim.simulation.concern", idle),
    ):
        yield


@_variant
def _the_inbox_is_watched_after_the_login_was_read() -> Generator[None]:
    async def late(self: Any, login: Any, reader: Any) -> bool:
        status = await reader.status(login)
        self._logins = {login.login: status.began_at}
        self._watch = self._relay.watch(inbox_of(login.user), self)
        self._relay.watched_from(self._watch, status.inbox_head)
        return status.live

    with patch.object(Authority, "begin", late), _logins_end_while_they_are_read():
        yield


@_variant
def _what_passed_before_the_head_was_known_is_not_told() -> Generator[None]:
    def at_once(self: Any) -> bool:
        self.live = True
        return True

    with patch.object(Watch, "catch_up", at_once), _logins_end_while_they_are_read():
        yield


@_variant
def _repaired_events_are_not_told_to_watchers() -> Generator[None]:
    fetch = Relay._fetch

    async def quietly(self: Any, entry: Any) -> None:
        accept = entry.accept

        def unheard(rows: Any) -> bool:
            watches, entry.watches = entry.watches, {}
            try:
                return accept(rows)
            finally:
                entry.watches = watches

        await fetch(self, cast(Any, _Instead(entry, accept=unheard)))

    with patch.object(Relay, "_fetch", quietly):
        yield


class _Instead:
    """Another object, but for some of its attributes."""

    def __init__(self, of: Any, **instead: Any) -> None:
        self._of = of
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        return self._instead[name] if name in self._instead else getattr(self._of, name)


@_variant
def _ended_logins_get_in() -> Generator[None]:
    status = LoginReader.status

    async def trusting(self: Any, login: Any) -> Any:
        return LoginStatus(True, (await status(self, login)).inbox_head)

    with patch.object(LoginReader, "status", trusting):
        yield


@_variant
def _the_end_of_one_login_closes_those_of_the_user() -> Generator[None]:
    def strict(self: Any, stream: str, event: Any) -> None:
        if event.read.type == LOGINS_ENDED:
            self._holder.revoked()

    with patch.object(Authority, "relayed", strict):
        yield


@_variant
def _logins_of_other_users_are_ended() -> Generator[None]:
    with patch("actors.session.authority.inbox_of", lambda user: inbox_of(f"user:{1:032x}")):
        yield


@_variant
def _the_login_of_a_refreshed_token_is_not_followed() -> Generator[None]:
    move = Authority.move

    async def forgetful(self: Any, login: Any, reader: Any) -> bool:
        before = self._logins
        moved = await move(self, login, reader)
        self._logins = before
        return moved

    with patch.object(Authority, "move", forgetful):
        yield


@_variant
def _inbox_items_without_their_client_id() -> Generator[None]:
    attempts = count()

    def fresh(*cause: str) -> str:
        again = (str(next(attempts)),) if cause[1].startswith("room:") else ()
        return derive_client_id(*cause, *again)

    with patch("actors.runtime.effects.derive_client_id", fresh):
        yield


# --- who may act --------------------------------------------------------------------------------------------------


@_variant
def _no_fence() -> Generator[None]:
    with patch.object(MemoryDatabase, "fences", _never):
        yield


@_variant
def _activation_without_the_shard() -> Generator[None]:
    with (
        patch.object(MemoryDatabase, "owns", lambda self, fence, stream, epoch: True),
        patch("tests.sim.faults.TROUBLES", (0.3,)),
    ):
        yield


@_variant
def _activations_are_not_numbered() -> Generator[None]:
    judge = MemoryDatabase.judge

    def trusting(self: Any, append: Append) -> Verdict:
        row = self.stream(append.stream)
        return judge(self, replace(append, activation=row.activation) if row else append)

    with (
        patch.object(MemoryDatabase, "judge", trusting),
        patch("tests.sim.faults.TROUBLES", (0.7,)),
        patch("tests.sim.faults.KINDS", (Outcome.LOST_AND_LATE,)),
    ):
        yield


@_variant
def _lease_judged_by_wall_clock() -> Generator[None]:
    setup = Membership.__init__
    judge = FailureDetector.succeeded

    def with_wall(self: Any, **given: Any) -> None:
        setup(self, **given)
        self._detector.wall = given["clock"]._base.now
        self._detector.seen = {}

    def by_wall(self: Any, begun: float, ended: float, view: ClusterView) -> tuple[Member, ...]:
        if not hasattr(self, "wall"):
            return judge(self, begun, ended, view)
        now_s, before = self.wall() / 1000, self.seen
        peers = [member for member in view.members if member.id != self._me]
        self.seen = {
            peer: before.get(peer, now_s) for peer in (replace(p, hears=(), report="") for p in peers)
        }
        return tuple(peer for peer, since in self.seen.items() if now_s - since >= peer.lease_s)

    with (
        patch.object(Membership, "__init__", with_wall),
        patch.object(FailureDetector, "succeeded", by_wall),
    ):
        yield


@_variant
def _an_outage_of_the_observer_counts() -> Generator[None]:
    with (
        patch.object(FailureDetector, "failed", _nothing),
        patch("actors.cluster.lease._COUNTED_PERIODS_MAX", 1000),
    ):
        yield


@contextmanager
def _renewals_are_late() -> Generator[None]:
    """A world in which little else goes wrong, and much is asked of owners that writes nothing."""
    make = Trouble.__init__

    def made(self: Any, cluster: Any, seed: int) -> None:
        make(self, cluster, seed)
        self._events = [(1, self._renew_slowly)]

    with (
        patch.object(Trouble, "__init__", made),
        patch.object(trouble, "OFTEN_S", (1.0,)),
        patch.object(workload, "TYPES", 0.5),
    ):
        yield


@_variant
def _acting_counts_from_the_end_of_a_renewal() -> Generator[None]:
    renewed = Ownership.renewed

    def late(self: Any, begun: float, view: ClusterView) -> Any:
        return renewed(self, self._clock.monotonic(), view)

    with patch.object(Ownership, "renewed", late), _renewals_are_late():
        yield


@_variant
def _a_zombie_refuses() -> Generator[None]:
    with _renewals_are_late():
        yield from _unasked_while("_answer_refused")


@_variant
def _a_zombie_shows_its_streams() -> Generator[None]:
    ask, look = Router._ask_view, Router._look

    def ask_unasked(self: Any, stream: str, user: str, answer: Any) -> None:
        epoch = self._ownership.epoch(stream)
        if epoch is None:
            ask(self, stream, user, answer)
        else:
            self.view_for(stream, user, epoch, answer)

    def shown(self: Any, stream: str, user: str, epoch: int, answer: Any) -> None:
        look(self, stream, user, epoch, answer)

    with (
        patch.object(router, "show", _show_unasked),
        patch.object(Router, "_ask_view", ask_unasked),
        patch.object(Router, "view_for", shown),
        _renewals_are_late(),
    ):
        yield


def _show_unasked(stream: str, user: str, answer: Any, found: Any) -> None:
    if isinstance(found, Cell):
        answer(snapshots.Snapshot(head=found.active.head, view=cast(Any, found.view(user))))
    else:
        answer(None)


def _unasked_while(step: str) -> Generator[None]:
    """While a cell does this it takes itself for the owner."""
    original, serves = getattr(Cell, step), Cell.serves.fget
    assert serves is not None
    inside: set[Any] = set()

    async def unasked(self: Any, *args: Any) -> Any:
        inside.add(self)
        try:
            return await original(self, *args)
        finally:
            inside.discard(self)

    with (
        patch.object(Cell, step, unasked),
        patch.object(Cell, "serves", property(lambda self: self in inside or serves(self))),
    ):
        yield


@_variant
def _never_stops_acting() -> Generator[None]:
    with patch("actors.cluster.ownership.ACTING_PART", 1e9):
        yield


@_variant
def _hand_over_before_release() -> Generator[None]:
    async def at_once(self: Any, shards: Any, timeout_s: float) -> bool:
        return True

    with patch.object(Supervisor, "release", at_once):
        yield


@_variant
def _shards_go_to_and_fro() -> Generator[None]:
    turns = count()

    def restless(view: ClusterView, me: int, serving: Any, heard: Any, *, at_most: int) -> Any:
        to = rebalancing(view, me, serving, heard, at_most=at_most)
        if to or not heard or not serving or next(turns) % 20:
            return to
        return {serving[0]: heard[0]}

    with patch("actors.cluster.member.rebalancing", restless):
        yield


# --- what nobody survives -----------------------------------------------------------------------------------------


@contextmanager
def _much_hangs() -> Generator[None]:
    with patch("tests.sim.workload.HANGS", 0.5), patch("tests.sim.simulation.HANGS_MAX", (3,)):
        yield


@_variant
def _resends_are_not_noted() -> Generator[None]:
    @asynccontextmanager
    async def admit(self: Any, stream: str, envelopes: list[Any]) -> AsyncGenerator[list[Any]]:
        yield envelopes

    with patch.object(Trials, "of", admit), _much_hangs():
        yield


@_variant
def _no_loss_is_remembered() -> Generator[None]:
    with patch("actors.cluster.ownership.LOSS_REMEMBERED_S", 0.0), _much_hangs():
        yield


@_variant
def _lost_owners_are_not_counted() -> Generator[None]:
    with patch("storage.memory.database.OWNERS_LOST_MAX", 1000), _much_hangs():
        yield


@_variant
def _one_lost_owner_is_enough() -> Generator[None]:
    with patch("storage.memory.database.OWNERS_LOST_MAX", 1), _much_hangs():
        yield


@_variant
def _an_owner_that_lives_counts_as_lost() -> Generator[None]:
    take = MemoryDatabase.take_in_hand

    def suspicious(self: Any, run: Any, stream: str, key: Any, lost_before: int) -> bool:
        known = self.in_hand.get((stream, *key))
        if known is not None:
            known.lost += not self.fences(known.run)
        return take(self, run, stream, key, lost_before)

    with patch.object(MemoryDatabase, "take_in_hand", suspicious), _much_hangs():
        yield


# --- from node to node --------------------------------------------------------------------------------------------


@_variant
def _hole_detection_off() -> Generator[None]:
    take = Incoming.take

    def trusting(self: Any, number: int, now: float) -> Arrival:
        arrival = take(self, number, now)
        return Arrival.NEXT if arrival is Arrival.AFTER_HOLE else arrival

    with patch.object(Incoming, "take", trusting):
        yield


@_variant
def _missed_frames_are_not_said_again() -> Generator[None]:
    with patch.object(SayingAgain, "say", _nothing):
        yield


@_variant
def _what_is_not_remembered_is_not_asked_for() -> Generator[None]:
    with (
        patch.object(Receiving, "recover", _nothing),
        patch.dict(SMALL, {(outgoing, "LINK_SENT_FRAMES_MAX"): 1}),
    ):
        yield


@_variant
def _queues_between_nodes_are_endless() -> Generator[None]:
    endless = property(lambda self: False)
    with patch.object(Outgoing, "_holds", _never), patch.object(Calls, "full", endless):
        yield


@_variant
def _events_without_room_on_a_link_are_forgotten() -> Generator[None]:
    def forgetful(self: Any, stream: str, rows: Any) -> bool:
        return all(self._add_event(stream, row) for row in rows)

    with patch.object(Outgoing, "add_events", forgetful), _links_are_full():
        yield


@_variant
def _a_question_that_waited_for_room_is_dropped() -> Generator[None]:
    def forgetful(self: Showing, streams: Any, link: Any) -> None:
        if link.outgoing.roomy:
            link.asked.clear()

    with patch.object(Showing, "answer_asked", forgetful), _visited():
        yield


@_variant
def _each_repeat_has_a_number_of_its_own() -> Generator[None]:
    def renumbered(self: Calls, run: Any, number: int) -> Any:
        call = self._by_run.get(run, {}).get(number)
        if call is None or call.over:
            return None
        del self._by_run[run][number]
        self._size -= 1
        call.repeat()
        return call.message(self.add(call))

    with patch.object(Calls, "repeat", renumbered), _visited(), _links_are_full():
        yield


@_variant
def _a_refusal_of_any_copy_is_believed() -> Generator[None]:
    take = Calls.take

    def trusting(self: Any, run: Any, name: int, *, holds: bool) -> Any:
        return take(self, run, name, holds=True)

    with (
        patch.object(Calls, "take", trusting),
        patch("actors.cluster.link.RECOVERY_S", 0.05),
        patch("tests.sim.cluster.DELAYS_S", (0.7,)),
        patch("tests.sim.workload.GOVERNS", 0.4),
    ):
        yield


@contextmanager
def _links_are_full() -> Generator[None]:
    """A world in which little fits between nodes, and much is asked for."""
    with (
        patch.dict(
            SMALL, {(outgoing, "LINK_QUEUE_MESSAGES_MAX"): 4, (outgoing, "LINK_QUEUE_BYTES_MAX"): 1500}
        ),
        patch("tests.sim.cluster.PUBLISH_S", (0.3,)),
    ):
        yield


@_variant
def _repeated_frames_are_taken() -> Generator[None]:
    with patch.object(Incoming, "take", lambda self, number, now: _heard(self, now)):
        yield


def _heard(incoming: Any, now: float) -> Arrival:
    incoming.heard_at = now
    return Arrival.NEXT


@_variant
def _signals_without_epoch() -> Generator[None]:
    pass_on = Receiving._pass_on

    def trusting(self: Any, message: PassSignal) -> None:
        pass_on(self, PassSignal(message.stream, 2**53, message.frame))

    with (
        patch.object(Receiving, "_pass_on", trusting),
        patch("tests.sim.workload.TYPES", 0.6),
        patch("tests.sim.cluster.DELAYS_S", (1.5,)),
        patch("tests.sim.trouble.OFTEN_S", (3.0,)),
    ):
        yield


@_variant
def _revocations_ignored_on_other_nodes() -> Generator[None]:
    publish = Receiving._publish
    init = RelayedEvent.__init__
    brought = False

    def bring(self: Any, run: Any, message: Any) -> None:
        nonlocal brought
        brought = True
        publish(self, run, message)
        brought = False

    def harmless(self: Any, row: Any) -> None:
        init(self, row)
        if brought:
            self.revokes = ()

    with patch.object(Receiving, "_publish", bring), patch.object(RelayedEvent, "__init__", harmless):
        yield


@_variant
def _second_copies_are_not_marked() -> Generator[None]:
    with patch("actors.cluster.calls._mark_resend", _nothing):
        yield


@_variant
def _returned_calls_count_as_nothing_happened() -> Generator[None]:
    def careless(self: Any, route: Any) -> None:
        self.envelope.submitted = False
        route(self.envelope)

    with patch.object(CommandCall, "moved", careless), patch("tests.sim.cluster.DELAYS_S", (0.7,)):
        yield


@_variant
def _nobody_registers_with_the_next_owner() -> Generator[None]:
    with patch.object(Registrations, "changed", _nothing):
        yield


def _never(self: Any, *args: Any) -> bool:
    return False


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None
