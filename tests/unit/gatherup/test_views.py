"""What snapshots show is bounded: the view of each kind at its limits, and the work that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

from actors.gathering.state import Competition, Gathering, Player
from actors.gathering.state import Settings as GatheringSettings
from actors.inbox.state import Inbox
from actors.numbered import Numbered
from actors.ordered_map import OrderedMap
from actors.room.state import Invite, Room
from actors.room.view import view
from actors.series.state import Plan, Series
from actors.sparse import Sparse
from actors.tournament.state import Attempt, Entrant, Settings, StageState, Tournament
from actors.tournament.state import Match as TournamentMatch
from gatherup.app import kinds_of
from gatherup.canary.kind import CanaryState
from protocol import limits
from protocol.codec import FULL, Codec, Subprotocol
from protocol.room.view import RoomView
from protocol.series.recurrence import Recurrence
from protocol.tournament.definition import LASTING, LastingSettings
from protocol.tournament.rounds import PickBan, RoundRule
from protocol.tournament.stage import Stage

LATEST = limits.SEQ_MAX
"""The longest number there is: a seq, a count or a time."""
MEMBERS = tuple(f"user:{number:032x}" for number in range(limits.ROOM_MEMBERS_MAX))
OTHERS = tuple(f"user:{number:032x}" for number in range(10_000, 10_000 + limits.ROOM_BANS_MAX))
MODERATORS = MEMBERS[-limits.ROOM_MODERATORS_MAX - 1 : -1]
OWNER, LAST = MEMBERS[-1], MEMBERS[-limits.ROOM_MODERATORS_MAX - 2]
"""Who joined last owns the room, those before them moderate it, and LAST is the last of the plain members."""
STRANGER = "user:" + "f" * 32
KINDS = {kind.wire.name: kind for kind in kinds_of(b"k" * 32)}

FULL_ROOM = Room(
    room="room:" + "f" * 32,
    created=True,
    access="private",
    host="tournament:" + "f" * 32,
    operated=True,
    owner=OWNER,
    moderators=MODERATORS,
    named_at=LATEST,
    topic_at=LATEST,
    members=OrderedMap(dict.fromkeys(MEMBERS, LATEST)),
    readable_after=OrderedMap(dict.fromkeys(MEMBERS, LATEST)),
    messages=LATEST,
    history=False,
    slow_mode_s=limits.SLOW_MODE_S_MAX,
    posted_at=OrderedMap(dict.fromkeys(MEMBERS, LATEST)),
    muted=OrderedMap(dict.fromkeys(MEMBERS[: limits.ROOM_MUTES_MAX], LATEST)),
    banned=OrderedMap(dict.fromkeys(OTHERS, LATEST)),
    invited=OrderedMap(dict.fromkeys(OTHERS[: limits.ROOM_INVITED_MAX], LATEST)),
    invites={LATEST - n: Invite(LATEST, LATEST, LATEST) for n in range(limits.ROOM_INVITES_MAX)},
    invites_made=LATEST,
    pinned=tuple(range(LATEST - limits.ROOM_PINS_MAX, LATEST)),
    filtered=True,
    archived=True,
    removed_at=LATEST,
)
FULL_INBOX = Inbox(
    "inbox:" + "f" * 32, unread=tuple(range(LATEST - limits.INBOX_UNREAD_MAX, LATEST)), read_up_to=LATEST
)
PLAYING = limits.TOURNAMENT_ENTRANTS_MAX
"""Entrants of the fullest tournament who play; as many wait."""
USERS = tuple(f"user:{number:032x}" for number in range(limits.TOURNAMENT_ENTRIES_MAX - 4))
PLAYERS = (*USERS[: PLAYING - 4], OWNER, MODERATORS[0], LAST, MEMBERS[-1][:-1] + "x", *USERS[PLAYING - 4 :])
_SCORES = (limits.POINTS_MAX, limits.POINTS_MAX - 1) * limits.BEST_OF_MAX
_GOING = TournamentMatch(
    1,
    2,
    "scheduled",
    True,
    True,
    LATEST,
    PLAYING,
    _SCORES,
    PLAYING,
    "double_forfeit",
    picks=(limits.POOL_GAMES_MAX,) * limits.PICK_STEPS_MAX,
    held=True,
    left=LATEST,
    latest=LATEST,
    proposed_by=PLAYING,
    proposed_at=LATEST,
)
_RULE = RoundRule(
    stage=limits.STAGES_MAX,
    part="winners",
    round=PLAYING,
    best_of=9,
    picks=PickBan(
        pool=("p" * limits.POOL_GAME_CHARS_MAX,) * limits.POOL_GAMES_MAX,
        steps=("decider",) * limits.PICK_STEPS_MAX,
        step_s=limits.PICK_S_MAX,
    ),
    window_s=limits.WINDOW_S_MAX,
)
FULL_GATHERING_ID = "gathering:" + "f" * 32
_STAGE = StageState(
    settings=Stage(format="double_elimination"),
    seeds=tuple(range(1, PLAYING + 1)),
    engine=1,
    draw=str(2**64 - 1),
    matches=Sparse(replace(_GOING, a=n % PLAYING + 1, b=PLAYING) for n in range(2 * PLAYING - 1)),
    begun=PLAYING,
    done=2 * PLAYING - 1,
    closes_at=LATEST,
    scored=PLAYING,
    attempts=Sparse(
        (Attempt(-limits.SCORE_MAX, LATEST),) * limits.ATTEMPTS_MAX
        for _ in range(limits.STAGE_ATTEMPTS_MAX // limits.ATTEMPTS_MAX)
    ),
    moved_at=LATEST,
    told_at=LATEST,
    standings_round=limits.SWISS_ROUNDS_MAX,
    standings=(PLAYING, limits.GROUPS_MAX, PLAYING, 2 * PLAYING + 1, PLAYING, PLAYING, PLAYING)
    * limits.VIEW_STANDINGS_MAX,
)
FULL_TOURNAMENT = Tournament(
    tournament="tournament:" + "f" * 32,
    seq=LATEST,
    at=LATEST,
    phase="finished",
    removed_at=LATEST,
    gathering=FULL_GATHERING_ID,
    owner=OWNER,
    staff=dict.fromkeys(MODERATORS[: limits.TOURNAMENT_STAFF_MAX], "organiser"),
    named_at=LATEST,
    described_at=LATEST,
    settings=Settings(
        game="g" * limits.LOOKUP_KEY_CHARS_MAX,
        platform="p" * limits.LOOKUP_KEY_CHARS_MAX,
        region="r" * limits.LOOKUP_KEY_CHARS_MAX,
        format="double_elimination",
        best_of=limits.BEST_OF_MAX,
        entrants_max=PLAYING,
        visibility="unlisted",
        entry="approval",
        ready_s=limits.READY_S_MAX,
        confirm_s=limits.CONFIRM_S_MAX,
        rounds=(_RULE,) * limits.ROUND_RULES_MAX,
        team_min=limits.TEAM_PLAYERS_MAX,
        team_max=limits.TEAM_PLAYERS_MAX,
        substitutes=limits.SUBSTITUTES_MAX,
        play_s=limits.PLAY_S_MAX,
        rooms=True,
        registration_at=LATEST,
        check_in_at=LATEST,
        start_at=LATEST,
    ),
    entrants=Numbered(
        Entrant(
            user,
            "disqualified",
            True,
            2 * PLAYING - 2,
            roster=(user, *OTHERS[: limits.TEAM_PLAYERS_MAX - 1]),
            invited=OTHERS[: limits.TEAM_PLAYERS_MAX],
            substitutions=limits.SUBSTITUTES_MAX,
        )
        for user in PLAYERS
    ),
    users=OrderedMap({user: number for number, user in enumerate(PLAYERS, 1)}),
    invitations=OrderedMap(dict.fromkeys(OTHERS, PLAYING)),
    entered=PLAYING,
    checked_in=PLAYING,
    pending=PLAYING,
    waitlist=OrderedMap({str(number): LATEST for number in range(PLAYING, 2 * PLAYING)}),
    seeded=tuple(range(1, PLAYING + 1)),
    stages=(_STAGE,),
    void=_STAGE,
    voiding=OrderedMap({str(number): number for number in range(1, 2 * PLAYING)}),
    void_to=limits.SEQ_MAX,
    closing=OrderedMap({str(number): number for number in range(1, 2 * PLAYING)}),
    importing=True,
    to_open=OrderedMap({str(number): number for number in range(1, 2 * PLAYING)}),
    going=OrderedMap({str(number): number for number in range(1, 2 * PLAYING)}),
    timers=OrderedMap({f"m{number}": LATEST for number in range(1, 2 * PLAYING)}),
    first=tuple(range(PLAYING - limits.PLACES_MAX, PLAYING)),
    places=tuple(range(1, limits.PLACES_MAX + 1)),
)
FULL_GATHERING = Gathering(
    gathering=FULL_GATHERING_ID,
    seq=LATEST,
    at=LATEST,
    phase="registration",
    removed_at=LATEST,
    owner=OWNER,
    staff=dict.fromkeys(MODERATORS[: limits.TOURNAMENT_STAFF_MAX], "organiser"),
    named_at=LATEST,
    described_at=LATEST,
    settings=GatheringSettings(
        games=("g" * limits.LOOKUP_KEY_CHARS_MAX,) * limits.GATHERING_GAMES_MAX,
        players_max=limits.GATHERING_PLAYERS_MAX,
        visibility="unlisted",
        registration_at=LATEST,
        check_in_at=LATEST,
        closes_at=LATEST,
    ),
    competitions=tuple(
        Competition(f"tournament:{number:032x}") for number in range(limits.GATHERING_COMPETITIONS_MAX)
    ),
    players=Numbered(
        Player(user, "registered", True, tuple(range(1, limits.GATHERING_COMPETITIONS_MAX + 1)))
        for user in PLAYERS
    ),
    users=OrderedMap({user: number for number, user in enumerate(PLAYERS, 1)}),
    registered=limits.GATHERING_PLAYERS_MAX,
    checked_in=limits.GATHERING_PLAYERS_MAX,
    timers=OrderedMap(dict.fromkeys(("registration", "check_in", "close"), LATEST)),
)
FULL_SERIES = Series(
    series="series:" + "f" * 32,
    seq=LATEST,
    phase="running",
    removed_at=LATEST,
    owner=OWNER,
    staff=dict.fromkeys(MODERATORS[: limits.TOURNAMENT_STAFF_MAX], "organiser"),
    named_at=LATEST,
    described_at=LATEST,
    plan=Plan(
        visibility="unlisted",
        settings=LastingSettings(**{name: getattr(FULL_TOURNAMENT.settings, name) for name in LASTING}),
        recurrence=Recurrence(
            rrule="F" * limits.RRULE_CHARS_MAX,
            timezone="E" * limits.TIME_ZONE_CHARS_MAX,
            start="2099-12-31T23:59",
        ),
        create_s=limits.SERIES_AHEAD_S_MAX,
        registration_s=limits.SERIES_AHEAD_S_MAX,
        check_in_s=limits.SERIES_AHEAD_S_MAX,
        points=(limits.SERIES_POINTS_MAX,) * limits.SERIES_POINTS_PLACES_MAX,
        best=limits.SERIES_TOURNAMENTS_MAX,
    ),
    next_at=LATEST,
    next_local="2099-12-31T23:59",
    passed=LATEST,
    made=LATEST,
    made_until=LATEST,
    tournaments=limits.SERIES_TOURNAMENTS_MAX,
)
AT_ITS_LIMITS: dict[str, Struct] = {
    "room": FULL_ROOM,
    "inbox": FULL_INBOX,
    "tournament": FULL_TOURNAMENT,
    "gathering": FULL_GATHERING,
    "series": FULL_SERIES,
    "canary": CanaryState(),
}
"""For each kind the largest state that its own limits allow, with the longest ids and numbers."""


def test_each_kind_has_a_state_at_its_limits() -> None:
    """A new kind adds its own to AT_ITS_LIMITS; a new field of a state is filled there as far as it goes."""
    assert {name: kind.state for name, kind in KINDS.items()} == {
        name: type(state) for name, state in AT_ITS_LIMITS.items()
    }, "add the largest state of the kind to AT_ITS_LIMITS"
    unfilled = [
        f"{name}.{field.name}"
        for name, state in AT_ITS_LIMITS.items()
        for field in fields(state)
        if getattr(state, field.name) == (field.default if field.default is not NODEFAULT else _made(field))
    ]
    # No access is longer than the default.
    assert unfilled == ["room.access"], "fill the field in AT_ITS_LIMITS with the largest value it can have"


def _made(field: Any) -> object:
    return field.default_factory() if field.default_factory is not NODEFAULT else NODEFAULT


@pytest.mark.parametrize("subprotocol", Subprotocol)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("user", [OWNER, MODERATORS[0], LAST, STRANGER], ids=["owner", "mod", "last", "none"])
def test_no_view_is_larger_than_its_limit(kind: Any, user: str, subprotocol: Subprotocol) -> None:
    shown = Codec(subprotocol, FULL).raw(kind.view(AT_ITS_LIMITS[kind.wire.name], user))
    assert len(bytes(shown)) <= limits.VIEW_BYTES_MAX


def test_a_crowd_adds_nothing_to_a_snapshot() -> None:
    few = replace(FULL_ROOM, members=OrderedMap(dict.fromkeys(MEMBERS[-limits.VIEW_MEMBERS_MAX :], LATEST)))
    codec = Codec(Subprotocol.JSON, FULL)
    sizes = [len(bytes(codec.raw(view(room, OWNER)))) for room in (few, FULL_ROOM)]
    assert sizes[1] - sizes[0] == len("5000") - len("100")


def test_the_full_room_shows_its_first_members_and_counts_all() -> None:
    shown = view(FULL_ROOM, LAST)
    others = MEMBERS[: limits.VIEW_MEMBERS_MAX - 1 - len(MODERATORS)]
    assert shown.members == [OWNER, *MODERATORS, *others]
    assert (shown.member_count, len(shown.members)) == (limits.ROOM_MEMBERS_MAX, limits.VIEW_MEMBERS_MAX)


@pytest.mark.parametrize(
    ("user", "role"), [(OWNER, "owner"), (MODERATORS[-1], "moderator"), (LAST, "member"), (STRANGER, None)]
)
def test_everybody_finds_their_own_role_named_or_not(user: str, role: str | None) -> None:
    shown = view(FULL_ROOM, user)
    assert shown.role == role
    assert (user in shown.members) == (role in {"owner", "moderator"})


def test_a_small_room_names_everybody_once() -> None:
    ann, ben, cat = MEMBERS[:3]
    room = Room(
        room=FULL_ROOM.room, members=OrderedMap({ann: 1, ben: 2, cat: 3}), owner=ben, moderators=(cat,)
    )
    assert view(room, ann).members == [ben, cat, ann]
    assert view(replace(room, owner=None, moderators=()), ann).members == [ann, ben, cat]  # a direct room


class Walked(OrderedMap[int]):
    """Members that count how many of them were looked at one after the other."""

    steps = 0

    def __iter__(self) -> Iterator[str]:
        for user in super().__iter__():
            self.steps += 1
            yield user


def test_showing_a_room_looks_at_no_more_members_than_it_names() -> None:
    members = Walked(FULL_ROOM.members)
    shown: RoomView = view(replace(FULL_ROOM, members=members), LAST)
    assert len(shown.members) == limits.VIEW_MEMBERS_MAX
    assert 0 < members.steps <= limits.VIEW_MEMBERS_MAX


def test_the_longest_walk_is_past_those_who_lead() -> None:
    """Whoever leads may also have joined first; they are passed over once."""
    members = Walked({user: at for at, user in enumerate(dict.fromkeys((OWNER, *MODERATORS, *MEMBERS)))})
    view(replace(FULL_ROOM, members=members), LAST)
    assert members.steps <= limits.VIEW_MEMBERS_MAX
