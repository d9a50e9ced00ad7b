"""The mutants. Each ``old`` text stands in its file exactly once."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Mutant(Struct, frozen=True, kw_only=True):
    """One mistake, and the test that fails with it."""

    why: str
    """What goes wrong with it."""
    file: str
    old: str
    new: str
    test: str
    """Its id, as pytest takes it."""


COMMITTER: Final = "actors/runtime/committer.py"
CELL: Final = "actors/runtime/cell.py"
DRAFT: Final = "actors/runtime/draft.py"
WORK: Final = "actors/runtime/work.py"
REPEATS: Final = "actors/runtime/repeats.py"
RELAY: Final = "actors/relay/entry.py"
SIGNALS: Final = "actors/relay/signals.py"
LINK: Final = "actors/cluster/link.py"
CALLS: Final = "actors/cluster/calls.py"
RECEIVING: Final = "actors/cluster/receiving.py"
MEMBER: Final = "actors/cluster/member.py"
LEASE: Final = "actors/cluster/lease.py"
OWNERSHIP: Final = "actors/cluster/ownership.py"
SESSION: Final = "actors/session/session.py"
WRITER: Final = "actors/session/connection_writer.py"
TOURNAMENT: Final = "actors/tournament/"
TOURNAMENT_TESTS: Final = "tests/unit/actors/tournament/"
APPEND: Final = "storage/postgres/migrations/pre/20261129180005_append_batch_v3.sql"

MUTANTS: Final = (
    # --- the committer ---
    Mutant(
        why="an append whose first attempt was lost is called fenced, though it is in the log",
        file=COMMITTER,
        old="            case _ if pending.unsettled:\n",
        new="            case _ if False:\n",
        test="tests/unit/actors/runtime/test_cell.py::test_an_unknown_outcome_is_settled_to_exactly_once",
    ),
    Mutant(
        why="who waits while the committer ends is told that nothing was written, though it may be",
        file=COMMITTER,
        old="Outcome.UNKNOWN if pending.unsettled else Outcome.UNAVAILABLE",
        new="Outcome.UNAVAILABLE",
        test="tests/unit/actors/runtime/test_committer.py::test_whoever_waits_at_its_end_is_told_what_is_certain",
    ),
    Mutant(
        why="an outage after a lost attempt is told as if nothing had been sent",
        file=COMMITTER,
        old="            if pending.unsettled:\n                self._delay(",
        new="            if False:\n                self._delay(",
        test="tests/unit/actors/runtime/test_committer.py::test_an_outage_after_a_lost_attempt_says_nothing_of_it",
    ),
    Mutant(
        why="a lost attempt that committed only some of its receipts counts as committed",
        file=COMMITTER,
        old="if mine and len(found) == len(mine) and set(found) == set(mine):",
        new="if mine and found:",
        test="tests/unit/actors/runtime/test_committer.py::test_some_of_its_receipts_are_of_earlier_commands",
    ),
    Mutant(
        why="one held row holds up all that share its transaction",
        file=COMMITTER,
        old="following.waits is not first.waits or ",
        new="",
        test="tests/unit/actors/runtime/test_committer.py::test_who_waits_for_locks_holds_up_nobody_who_does_not",
    ),
    Mutant(
        why="one stream that can't be stored takes its neighbours with it",
        file=COMMITTER,
        old="        if len(batch) == 1:\n",
        new="        if len(batch) >= 1:\n",
        test="tests/contract/test_committer.py::test_the_healthy_ones_among_all_kinds_of_trouble_commit[memory]",
    ),
    # --- the cell ---
    Mutant(
        why="a command is decided by who lost the shard while the facts were read",
        file=CELL,
        old="        if not self.serves:\n            self._give_back(self.taken)\n",
        new="        if False:\n            self._give_back(self.taken)\n",
        test="tests/unit/actors/runtime/test_many_nodes.py::test_a_node_that_may_not_act_neither_decides_nor_refuses_nor_shows",
    ),
    Mutant(
        why="a refusal is given though the receipts couldn't be read",
        file=CELL,
        old="                envelope.submitted = True  # for all that is known\n",
        new="",
        test="tests/unit/actors/runtime/test_trouble.py::test_a_crash_is_unknown_while_the_receipts_cannot_be_read",
    ),
    Mutant(
        why="what was never sent before is called unknown after a batch that wasn't written",
        file=CELL,
        old="        for envelope in fresh:\n            envelope.submitted = False\n",
        new="        for envelope in fresh:\n            envelope.submitted = True\n",
        test="tests/unit/actors/runtime/test_cell.py::test_a_log_that_is_away_refuses_what_is_new_and_a_resend_without_a_receipt",
    ),
    Mutant(
        why="an effect is noted as settled before it is",
        file=DRAFT,
        old="pending.seq - 1 if pending else active.head",
        new="pending.seq if pending else active.head",
        test="tests/unit/actors/runtime/test_many_nodes.py::test_what_is_owed_goes_on_when_a_hand_over_is_called_off",
    ),
    Mutant(
        why="work goes with its owner",
        file=DRAFT,
        old="if kind.work(state) is not None:",
        new="if False:",
        test="tests/unit/actors/runtime/test_work.py::test_the_next_owner_works_it_out_though_nobody_asks",
    ),
    Mutant(
        why="a stream is let go while it waits for what is worked out",
        file=CELL,
        old=" or self._work.going",
        new="",
        test="tests/unit/actors/runtime/test_work.py::test_a_stream_stays_as_long_as_it_waits",
    ),
    Mutant(
        why="a result is sent though its input has changed",
        file=WORK,
        old="if not self._wants(done.key):",
        new="if False:",
        test="tests/unit/actors/runtime/test_work.py::test_a_result_of_what_was_before_is_thrown_away",
    ),
    Mutant(
        why="work that waits for its turn is that of before",
        file=WORK,
        old="        async with self._turns:\n            work = wanted()\n",
        new="        work = wanted()\n        async with self._turns:\n",
        test="tests/unit/actors/runtime/test_work.py::test_so_many_are_worked_out_at_a_time",
    ),
    Mutant(
        why="all commands of a batch are refused for one that can't be stored",
        file=CELL,
        old="case Outcome.UNSTORABLE if len(draft.receipts) == 1:",
        new="case Outcome.UNSTORABLE if draft.receipts:",
        test="tests/unit/actors/runtime/test_cell.py::test_what_cannot_be_stored_is_refused_alone",
    ),
    Mutant(
        why="the same client_id with other content gets the first answer",
        file=REPEATS,
        old="elif receipt.digest == digest_of(envelope.command, digest_key):",
        new="elif True:",
        test="tests/unit/actors/runtime/test_cell.py::test_a_repeat_gets_the_first_answer_and_no_second_effect",
    ),
    # --- the relay ---
    Mutant(
        why="an event after a gap is passed on",
        file=RELAY,
        old="if row.seq > ring.head + 1 or self.full:",
        new="if self.full:",
        test="tests/unit/actors/relay/test_any_order.py::test_every_subscriber_sees_every_seq_once_in_order",
    ),
    Mutant(
        why="who became live while events waited gets them twice",
        file=RELAY,
        old="if tail := [event for event in portion if event.seq > seq]:",
        new="if tail := [event for event in portion if event.seq]:",
        test="tests/unit/actors/relay/test_relay.py::test_coming_and_going_during_a_suspended_flush",
    ),
    Mutant(
        why="who lost the right goes on listening",
        file=RELAY,
        old="            if revoked := self._revoked(portion[-1]):\n",
        new="            if revoked := self._revoked(portion[0]):\n",
        test="tests/unit/actors/relay/test_relay.py::test_a_revoking_event_splits_a_coalesced_flush",
    ),
    Mutant(
        why="erased texts stay in the ring",
        file=RELAY,
        old="                ring.erase(event.erases)\n",
        new="                pass\n",
        test="tests/unit/actors/relay/test_relay.py::test_an_erasing_event_empties_the_ring_and_what_was_framed_of_it",
    ),
    # --- the bridge ---
    Mutant(
        why="a second copy of a command looks like a first one",
        file=CALLS,
        old="    if not envelope.command.resend:\n",
        new="    if envelope.command.resend:\n",
        test="tests/unit/actors/cluster/test_bridge.py::test_a_lost_command_is_sent_again_and_takes_effect_once",
    ),
    Mutant(
        why="a command that was returned is unknown for ever, or refused though a copy took effect",
        file=CALLS,
        old="        if self._sole:\n",
        new="        if True:\n",
        test="tests/unit/actors/cluster/test_bridge.py::test_a_command_that_is_given_back_is_routed_as_if_never_sent",
    ),
    Mutant(
        why="a frame that comes twice is taken twice",
        file=RECEIVING,
        old="        if arrival is Arrival.OLD:\n",
        new="        if False:\n",
        test="tests/unit/actors/cluster/test_bridge.py::test_forged_repeated_and_foreign_frames_do_nothing",
    ),
    Mutant(
        why="what was lost before a frame is never said again",
        file=RECEIVING,
        old="            link.outgoing.miss(before + 1, frame.number - 1)\n",
        new="",
        test="tests/unit/actors/cluster/test_bridge.py::test_after_a_hole_only_what_was_in_it_is_said_again",
    ),
    Mutant(
        why="a signal of an owner of before passes",
        file=RECEIVING,
        old="if message.epoch < self._ownership.view.shard(message.stream).epoch:",
        new="if False:",
        test="tests/unit/actors/cluster/test_bridge.py::test_signals_go_to_the_owner_and_come_back_unless_they_are_old",
    ),
    # --- who may act ---
    Mutant(
        why="a node acts longer than promised, past its own death, while its renewals are slow",
        file=MEMBER,
        old="self._ownership.renewed(begun, renewal.view)",
        new="self._ownership.renewed(ended, renewal.view)",
        test="tests/unit/actors/cluster/test_member.py::test_it_acts_from_the_start_of_a_slow_renewal",
    ),
    Mutant(
        why="the first who reaches PostgreSQL after an outage declares everybody dead",
        file=MEMBER,
        old="            self._detector.failed()\n",
        new="",
        test="tests/unit/actors/cluster/test_member.py::test_what_passes_between_failures_counts_against_nobody",
    ),
    Mutant(
        why="shards go to a member that is dead as well",
        file=MEMBER,
        old="to = next_owners(view, view.owned_by(member.id), without=gone)",
        new="to = next_owners(view, view.owned_by(member.id), without={member.id})",
        test="tests/unit/actors/cluster/test_member.py::test_a_dead_member_is_no_heir_of_another",
    ),
    Mutant(
        why="a peer is declared dead a round trip early",
        file=LEASE,
        old="self._watch(peer, counted_s, self._counts_from - ended)",
        new="self._watch(peer, counted_s, 0.0)",
        test="tests/unit/actors/cluster/test_lease.py::test_it_says_when_a_silent_peer_may_be_dead_if_that_is_before_the_next_renewal",
    ),
    Mutant(
        why="a node that stood still declares the others dead by what it didn't see",
        file=LEASE,
        old="counted_s = min(max(counted_s, 0.0), self._counted_s_max)",
        new="counted_s = max(counted_s, 0.0)",
        test="tests/unit/actors/cluster/test_lease.py::test_an_observer_that_stood_still_counts_two_periods",
    ),
    Mutant(
        why="a view that was read earlier and came later gives back what has moved",
        file=OWNERSHIP,
        old="if view.version < before.version:",
        new="if False:",
        test="tests/unit/actors/cluster/test_ownership.py::test_an_older_view_changes_nothing_and_still_proves_the_renewal",
    ),
    # --- signals ---
    Mutant(
        why="who blocks somebody hears their signals for as long as these go on",
        file=SIGNALS,
        old="if known is not None and self._clock.monotonic() < known.read_at + KNOWN_S:",
        new="if known is not None:",
        test="tests/unit/actors/relay/test_signals.py::test_a_block_counts_within_seconds_and_is_read_once_meanwhile",
    ),
    # --- the session ---
    Mutant(
        why="a client has as many commands on their way as it likes",
        file=SESSION,
        old="if self._inflight >= limits.INFLIGHT_COMMANDS_MAX:",
        new="if False:",
        test="tests/unit/actors/session/test_session.py::test_commands_in_flight_are_counted",
    ),
    Mutant(
        why="a token of somebody else takes the session over",
        file=SESSION,
        old="        if login.user != self.user:\n            self._refuse(",
        new="        if False:\n            self._refuse(",
        test="tests/unit/actors/session/test_session.py::test_refreshing_the_token",
    ),
    Mutant(
        why="who signs in with a login that ended gets in",
        file=SESSION,
        old="        if not live:\n            self.close(CloseCode.REVOKED)\n",
        new="",
        test="tests/unit/actors/session/test_presence.py::test_an_ended_login_is_never_seen",
    ),
    # --- the writer ---
    Mutant(
        why="a frame of which the peer has a part is sent from its beginning again",
        file=WRITER,
        old="memoryview(framed)[taken:] if taken else framed",
        new="framed",
        test="tests/unit/actors/session/test_connection_writer.py::test_whatever_the_wire_takes_the_peer_gets_whole_frames_in_order",
    ),
    Mutant(
        why="a slow reader gets our Close in the middle of a frame",
        file=WRITER,
        old="        if isinstance(first, memoryview):\n            queue.append(first)\n",
        new="",
        test="tests/unit/actors/session/test_connection_writer.py::test_a_slow_reader_gets_what_it_has_begun_then_goodbye_and_close",
    ),
    Mutant(
        why="a write overtakes what is queued",
        file=WRITER,
        old="        self.direct = False\n        self._queue = deque(",
        new="        self._queue = deque(",
        test="tests/unit/actors/session/test_connection_writer.py::test_droppable_frames_are_dropped_while_anything_waits_but_never_cut",
    ),
    # --- SQL ---
    Mutant(
        why="a node that was declared dead writes on",
        file=APPEND,
        old="where n.id = node_id and n.fence = node_fence for key share;",
        new="where n.id = node_id for key share;",
        test="tests/contract/test_log.py::test_a_fenced_node_can_activate_and_append_nothing[postgres]",
    ),
    Mutant(
        why="an append is let in that was decided on another head",
        file=APPEND,
        old="    -- After the lock: every receipt",
        new="    verdicts := array_replace(verdicts, 2::smallint, 0::smallint);\n    -- After the lock: every receipt",
        test="tests/contract/test_log.py::test_the_order_of_checks_is_fence_activation_receipts_head[postgres]",
    ),
    Mutant(
        why="a command takes effect again, since its receipt isn't looked up",
        file=APPEND,
        old="            if verdicts[duplicate] in (0, 2) then\n",
        new="            if verdicts[duplicate] in (2) then\n",
        test="tests/contract/test_log.py::test_many_receipts_of_one_stream_are_one_duplicate[postgres]",
    ),
    Mutant(
        why="the time of a stream runs backwards",
        file=APPEND,
        old="last_at = greatest(s.last_at, a.at)",
        new="last_at = a.at",
        test="tests/contract/test_log.py::test_last_at_never_falls[postgres]",
    ),
    # --- tournaments ---
    Mutant(
        why="the runtime takes a tournament that goes on at once for one whose timer is stuck",
        file=TOURNAMENT + "advance.py",
        old="    return tournament.seq if",
        new="    return 1 if",
        test=TOURNAMENT_TESTS + "test_lifecycle.py::test_thousands_of_matches_are_opened_a_command_at_a_time",
    ),
    Mutant(
        why="a match is opened again and again, and its players are called each time",
        file=TOURNAMENT + "apply_matches.py",
        old="begun=not again)",
        new="begun=0)",
        test=TOURNAMENT_TESTS + "test_runtime.py::test_it_runs_by_itself_though_nodes_are_killed",
    ),
    Mutant(
        why="who passes a match without an opponent isn't known to be in the next one, and can't leave it",
        file=TOURNAMENT + "matches.py",
        old="for number in sorted(changed))",
        new="for number in changed)",
        test=TOURNAMENT_TESTS + "test_properties.py::test_the_log_says_all_and_everything_happens_once",
    ),
    Mutant(
        why="who has left is called to later matches, which nobody ends",
        file=TOURNAMENT + "advance.py",
        old="    gone = any(side.status not in ASKING for side in sides)",
        new="    gone = False",
        test=TOURNAMENT_TESTS + "test_matches.py::test_who_has_left_forfeits_later_matches_when_they_come_up",
    ),
    Mutant(
        why="the timer is taken for stuck when more matches end at one moment than a command ends",
        file=TOURNAMENT + "advance.py",
        old="    overdue = at is not None and at <= tournament.at",
        new="    overdue = False",
        test=TOURNAMENT_TESTS
        + "test_steps.py::test_more_matches_whose_time_is_over_than_a_command_ends_are_ended_by_several",
    ),
    Mutant(
        why="much that follows from a result is forgotten",
        file=TOURNAMENT + "engine/progress.py",
        old="                later.append(match)",
        new="                pass",
        test=TOURNAMENT_TESTS + "test_steps.py::test_what_follows_in_several_events_is_what_follows_in_one",
    ),
    Mutant(
        why="a timer of a cancelled tournament fires",
        file=TOURNAMENT + "apply.py",
        old="    return replace(tournament, phase=phase, timers=none, to_open=none, going=none)",
        new="    return replace(tournament, phase=phase)",
        test=TOURNAMENT_TESTS + "test_matches.py::test_a_cancelled_tournament_does_nothing_more",
    ),
)
