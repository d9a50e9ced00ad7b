"""The rows of a tournament that others query, written in the transaction of the event that changes them.

An erased payload leaves its text None. Times are Unix milliseconds. No event writes a row for each entrant: who begins
where follows from ``seeds``, and matches have a row from when somebody reaches them or they are opened.

``AUTHORED`` holds events with a text: ``of`` is ``texts`` (name and description) or ``reason`` of the tournament, or
with the number of an entrant or a match ``names``, ``reasons``, ``disputes`` or ``decisions``.
"""

from __future__ import annotations

from typing import Final

from actors.tables import Column, Table, Type

TOURNAMENT: Final = "tournament"
ENTRANT: Final = "tournament_entrant"
"""Key: the entrant's number."""
PLAYER: Final = "tournament_player"
"""Key: the id of a user who has ever entered, or is on the roster of a team or invited to it."""
SUBSTITUTION: Final = "tournament_substitution"
"""Key: the seq of the event."""
MATCH: Final = "tournament_match"
"""Key: the match's number."""
STAGE: Final = "tournament_stage"
"""Key: the stage's number, from 1 on."""
ROUND: Final = "tournament_round"
"""Key: the seq of the event that published it."""
VOID: Final = "tournament_void"
"""Key: the number of the first of some matches that are void."""
ATTEMPT: Final = "tournament_attempt"
"""Key: the seq of the event that brought it."""
SCORE: Final = "tournament_score"
"""Key: the number of a stage, a point, and the number of an entrant."""
STAFF: Final = "tournament_staff"
"""Key: a user id."""
_NUMBER: Final = Column("number", Type.INTEGER, required=True)
_USER: Final = Column("user_id", Type.TEXT, required=True)
TABLES: Final = (
    Table(
        TOURNAMENT,
        (
            # None once erased.
            Column("name", Type.TEXT),
            Column("description", Type.TEXT),
            Column("game", Type.TEXT),
            Column("platform", Type.TEXT),
            Column("region", Type.TEXT),
            Column("format", Type.TEXT, required=True),
            Column("third_place", Type.BOOLEAN, required=True),
            Column("reset", Type.BOOLEAN, required=True),
            Column("best_of", Type.INTEGER, required=True),
            Column("entrants_max", Type.INTEGER, required=True),
            Column("visibility", Type.TEXT, required=True),
            Column("entry", Type.TEXT, required=True),
            Column("ready_s", Type.INTEGER, required=True),
            Column("confirm_s", Type.INTEGER, required=True),
            # As JSON; none of it is a text that people wrote.
            Column("stages", Type.TEXT, required=True, default="[]"),
            Column("rounds", Type.TEXT, required=True, default="[]"),
            Column("team_min", Type.INTEGER, required=True, default=0),
            Column("team_max", Type.INTEGER, required=True, default=0),
            Column("substitutes", Type.INTEGER, required=True, default=0),
            Column("play_s", Type.INTEGER, required=True, default=0),
            Column("rooms", Type.BOOLEAN, required=True, default=False),
            Column("registration_at", Type.INTEGER),
            Column("check_in_at", Type.INTEGER),
            Column("start_at", Type.INTEGER),
            Column("phase", Type.TEXT, required=True),
            # None in one that an operator made, or whose people are erased.
            Column("owner", Type.TEXT),
            # None in one of an earlier version.
            Column("created_by", Type.TEXT),
            Column("created_at", Type.INTEGER, required=True),
            # When it was removed; hidden from then on.
            Column("deleted_at", Type.INTEGER),
            # The gathering that it is a competition of.
            Column("gathering", Type.TEXT),
            Column("started_at", Type.INTEGER),
            # Or when it was cancelled.
            Column("ended_at", Type.INTEGER),
            # Why it was cancelled.
            Column("reason", Type.TEXT),
            # How many are entered; since the start, how many took part.
            Column("entrants", Type.INTEGER, required=True, default=0),
            # Entrants, the best first. Before the start those who were seeded; then all who take part: the bracket
            # follows from it and the version of the engine.
            Column("seeds", Type.INTEGERS),
            Column("engine", Type.INTEGER),
            Column("draw", Type.TEXT),
            # Seeds that were exchanged after the draw, to keep those with a tag in common apart: two by two.
            Column("moved", Type.INTEGERS, required=True, default=[]),
        ),
        key=None,
    ),
    # One who was entered, pending or waiting at the start and isn't among the seeds was dropped.
    Table(
        ENTRANT,
        (
            # None for a name without an account; of a team its captain.
            Column("user_id", Type.TEXT),
            Column("name", Type.TEXT),
            Column("status", Type.TEXT, required=True),
            Column("checked_in", Type.BOOLEAN, required=True),
            Column("entered_at", Type.INTEGER, required=True),
            # Why staff removed them.
            Column("reason", Type.TEXT),
            # None while they play, and where the standings of a stage say it. It counts as long as the match isn't void
            # in which they got it.
            Column("place", Type.INTEGER),
            Column("placed_in", Type.INTEGER),
            # Who has left while a stage with standings ran: which one, and from which match of it on they forfeit.
            Column("left_stage", Type.INTEGER),
            Column("forfeits_from", Type.INTEGER),
            # Who has come after the start: their seed in the first stage, which comes after those that the tournament
            # has; and how many rounds before are worth a draw to them.
            Column("late_seed", Type.INTEGER),
            Column("half_byes", Type.INTEGER, required=True, default=0),
            Column("tags", Type.TEXTS, required=True, default=[]),
            # User ids: the players of a team, the captain first, and whom it had invited until the start.
            Column("roster", Type.TEXTS, required=True, default=[]),
            Column("invited", Type.TEXTS, required=True, default=[]),
        ),
        key=_NUMBER,
    ),
    Table(
        PLAYER,
        (
            Column("entrant", Type.INTEGER, required=True),
            # ``player``: is or was this entrant, or is on the roster. ``invited`` to it. ``out``: was on it, and has
            # played for no other.
            Column("role", Type.TEXT, required=True, default="player"),
        ),
        key=_USER,
    ),
    Table(
        SUBSTITUTION,
        (
            # The first match that the one plays instead of the other.
            Column("match", Type.INTEGER, required=True),
            Column("entrant", Type.INTEGER, required=True),
            Column("player", Type.TEXT, required=True),
            Column("substitute", Type.TEXT, required=True),
        ),
        key=Column("seq", Type.INTEGER, required=True),
    ),
    Table(
        MATCH,
        (
            # None until it is opened.
            Column("part", Type.TEXT),
            Column("round", Type.INTEGER),
            # Entrants; 0 for nobody, None while it isn't known.
            Column("a", Type.INTEGER),
            Column("b", Type.INTEGER),
            Column("phase", Type.TEXT, required=True),
            Column("ready_a", Type.BOOLEAN, required=True, default=False),
            Column("ready_b", Type.BOOLEAN, required=True, default=False),
            # When its phase ends by itself.
            Column("until", Type.INTEGER),
            # What was chosen in the steps of picks and bans.
            Column("picks", Type.INTEGERS, required=True, default=[]),
            # Whether staff hold it.
            Column("held", Type.BOOLEAN, required=True, default=False),
            # Until when its sides may agree to play it, and who has proposed when.
            Column("latest", Type.INTEGER),
            Column("proposed_by", Type.INTEGER),
            Column("proposed_at", Type.INTEGER),
            # Where its players and staff can talk.
            Column("room", Type.TEXT),
            # The entrant who has reported the scores.
            Column("reported_by", Type.INTEGER),
            # Side a and side b of each game, one after the other.
            Column("scores", Type.INTEGERS, required=True, default=[]),
            # Who has disputed it, and what they have said.
            Column("disputed_by", Type.INTEGER),
            Column("disputed_scores", Type.INTEGERS, required=True, default=[]),
            Column("note", Type.TEXT),
            Column("evidence", Type.TEXT),
            # An entrant; 0 for nobody.
            Column("winner", Type.INTEGER),
            Column("kind", Type.TEXT),
            # The author of the last event: of who reported, confirmed or decided, or the server.
            Column("ended_by", Type.TEXT),
            # What staff have said to their decision.
            Column("decision", Type.TEXT),
            Column("opened_at", Type.INTEGER),
            Column("ended_at", Type.INTEGER),
        ),
        key=_NUMBER,
    ),
    # Stages that have ended with standings, or that are not the first one. A row holds all who play, so that no event
    # writes one for each of them.
    Table(
        STAGE,
        (
            # As of the tournament itself; None in the row of the first stage.
            Column("seeds", Type.INTEGERS),
            Column("engine", Type.INTEGER),
            # The number of its first match.
            Column("first", Type.INTEGER, required=True, default=1),
            # The seq of the event that started it; 0 for the first one.
            Column("since", Type.INTEGER, required=True, default=0),
            Column("started_at", Type.INTEGER),
            # Entrants, the best first, and their places in the tournament; 0 for who has gone on.
            Column("entrants", Type.INTEGERS, required=True, default=[]),
            Column("places", Type.INTEGERS, required=True, default=[]),
            Column("ended_at", Type.INTEGER),
        ),
        key=_NUMBER,
    ),
    # Of Swiss stages.
    Table(
        ROUND,
        (
            Column("stage", Type.INTEGER, required=True),
            Column("round", Type.INTEGER, required=True),
            # The number of its first match, and how many there are.
            Column("first", Type.INTEGER, required=True),
            Column("matches", Type.INTEGER, required=True),
            # The entrant who has it; 0 for nobody.
            Column("bye", Type.INTEGER, required=True),
            # The entrants of each match, then who has the bye with 0; and why, as ``engine.swiss.published`` has it.
            Column("pairs", Type.INTEGERS, required=True),
            Column("reasons", Type.INTEGERS, required=True),
        ),
        key=Column("seq", Type.INTEGER, required=True),
    ),
    # Of stages that are void, since one before was corrected. Their matches and rounds keep their rows, which count no
    # more.
    Table(
        VOID,
        (Column("last", Type.INTEGER, required=True), Column("stage", Type.INTEGER, required=True)),
        key=Column("first", Type.INTEGER, required=True),
    ),
    # Of leaderboards.
    Table(
        ATTEMPT,
        (
            Column("stage", Type.INTEGER, required=True),
            Column("entrant", Type.INTEGER, required=True),
            # From 1 on, for each entrant.
            Column("attempt", Type.INTEGER, required=True),
            # None: it is void.
            Column("score", Type.INTEGER),
            Column("submitted_by", Type.TEXT, required=True),
            Column("submitted_at", Type.INTEGER, required=True),
            Column("corrected_at", Type.INTEGER),
        ),
        key=Column("seq", Type.INTEGER, required=True),
    ),
    # What all attempts of an entrant come to; none if no attempt of theirs counts.
    Table(
        SCORE,
        (
            Column("stage", Type.INTEGER, required=True),
            Column("entrant", Type.INTEGER, required=True),
            Column("counted", Type.INTEGER, required=True),
            # The score of the best attempt.
            Column("best", Type.INTEGER, required=True),
            # The seq of the attempt by which they had what counts.
            Column("reached", Type.INTEGER, required=True),
        ),
    ),
    # The owner is in it, too.
    Table(
        STAFF,
        (
            # ``owner``, ``organiser``, ``referee`` or ``streamer``.
            Column("role", Type.TEXT, required=True),
            Column("since", Type.INTEGER, required=True),
        ),
        key=_USER,
    ),
)
