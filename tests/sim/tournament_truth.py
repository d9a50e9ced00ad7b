"""What must hold of a tournament in the end: of its log, its rows, its actor, and the inboxes of its players."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from actors.kind import FactKey, Kind
from actors.tournament.kind import TournamentKind
from actors.tournament.rows import ENTRANT
from actors.tournament.state import Tournament
from gatherup.chaos.history import Violation
from gatherup.chaos.truth import Fact
from protocol import limits
from protocol.event import Header
from protocol.ids import kind_of
from protocol.inbox import inbox_of
from protocol.tournament import NOBODY
from tests.fold import Folded
from tests.sim.cluster import Cluster
from tests.sim.history import History
from tests.sim.tournament_chats import wrong
from tests.sim.tournament_matches import Courses
from tests.sim.tournament_stages import CORRECTIONS, Stages
from tests.sim.tournament_teams import unfair
from tests.sim.truth import ObservedDatabase

ONCE: Final = {
    "registration_opened": (),
    "check_in_opened": (),
    "not_started": (),
    "started": (),
    "stage_started": ("stage",),
    "round_published": ("stage", "round"),
    "stage_finished": ("stage",),
    "finished": (),
    "cancelled": (),
    "match_opened": ("match",),
    "side_ready": ("match", "entrant"),
    "match_finished": ("match",),
    "match_voided": ("match",),
}
"""What happens once at most, here; for each value of these marks. What a correction begins anew may happen again."""


def broken(
    kind: TournamentKind, stream: str, database: ObservedDatabase, history: History
) -> Iterator[Violation]:
    """Every promise that a tournament breaks."""
    story = database.story[stream]
    headers = [fact.header for fact in story]
    faults = (
        *_once(headers),
        *_played(story, database),
        *unfair(story),
        *stored(kind, stream, database),
    )
    for fault in faults:
        yield history.fail(3, f"{stream}: {fault}")
    yield from _called(stream, headers, database, history)
    yield from wrong(stream, headers, database, history)


def _once(headers: Sequence[Header]) -> Iterator[str]:
    """Each timer acted once, and each match has one result, as often as it began; it is opened again as often as its
    sides put it off.
    """
    happened: Counter[tuple[Any, ...]] = Counter()
    begun: Counter[Any] = Counter()
    """How often a match began anew; with None: how many corrections there were."""
    put_off: Counter[Any] = Counter()
    for header in headers:
        what, match = header.type.partition(".")[2], header.marks.get("match")
        if what in CORRECTIONS:
            begun.update((None, *cast("Sequence[int]", header.marks.get("fills", ()))[::3]))
        put_off[match] += what == "scheduled"
        if what in ONCE:
            again = put_off[match] if what in ("match_opened", "side_ready") else 0
            happened[what, *(header.marks[name] for name in ONCE[what]), begun[match], again] += 1
    void = {header.marks["match"] for header in headers if header.type == "tournament.match_voided"}
    for what, times in happened.items():
        if times > 1:
            yield f"{what} happened {times} times"
    opened, finished = (
        {key[1] for key in happened if key[0] == kind and key[-2] == begun[key[1]]}
        for kind in ("match_opened", "match_finished")
    )
    if headers[-1].type == "tournament.finished" and opened - void != finished:
        yield f"matches {opened - void} were opened, {finished} have a result"


def _called(
    stream: str, headers: Sequence[Header], database: ObservedDatabase, history: History
) -> Iterator[Violation]:
    """Each player's inbox has each match that was opened for them, each invitation to a team, and each move up from the
    waitlist, once.
    """
    expected: Counter[tuple[str, Any]] = Counter()
    for header in headers:
        if header.type == "tournament.match_opened":
            users = cast("Sequence[str]", header.marks.get("players", ()))
            expected.update((inbox_of(user), header.marks["match"]) for user in users)
        elif header.type == "tournament.match_voided":
            users = cast("Sequence[str]", header.marks.get("players", ()))
            expected.update((inbox_of(user), f"off {header.marks['match']}") for user in users)
        elif header.type == "tournament.disputed":
            staff = cast("Sequence[str]", header.marks.get("staff", ()))
            expected.update((inbox_of(user), header.marks["match"]) for user in staff)
        elif header.type == "tournament.roster_changed" and "until" in header.marks:
            expected[inbox_of(str(header.marks["joined"])), header.marks["match"]] += 1
        elif header.type == "tournament.player_invited":
            expected[inbox_of(str(header.marks["user"])), f"team {header.marks['entrant']}"] += 1
        elif header.type == "tournament.promoted":
            expected[inbox_of(str(header.marks["user"])), NOBODY] += 1
    came = Counter(
        (inbox, _matter(fact.header))
        for inbox, items in database.story.items()
        if kind_of(inbox) == "inbox"
        for fact in items
        if fact.header.marks.get("tournament") == stream
    )
    if doubled := came - expected:
        yield history.fail(3, f"{stream} called again to {doubled}", "doubled")
    missed = Counter(inbox for inbox, _ in (expected - came).elements())
    for inbox, items in missed.items():
        if items > history.poisoned(inbox, stream):
            yield history.fail(3, f"{inbox} lacks {items} calls of {stream}", "lost")


def _matter(item: Header) -> Any:
    """Of what an inbox tells."""
    marks = item.marks
    if item.type == "inbox.match_called_off":
        return f"off {marks['match']}"
    return f"team {marks['entrant']}" if "entrant" in marks else marks.get("match", NOBODY)


def _played(story: Sequence[Fact], database: ObservedDatabase) -> Iterator[str]:
    """Who met whom, and the places, are what the engine alone makes of the seeds and the results."""
    begun = next((fact for fact in story if fact.header.type == "tournament.started"), None)
    if begun is None:
        return
    before = cast(Tournament, story[begun.header.seq - 2].state)
    seeds, settings = cast("tuple[int, ...]", begun.header.marks["seeds"]), before.settings
    if not all(before.entrants[n].checked_in or before.phase != "check_in" for n in seeds):
        yield f"{seeds} were seeded, of whom some hadn't checked in"
    stages, courses = Stages(settings, seeds), Courses(settings, int(str(begun.header.marks["draw"])))
    for fact in story[begun.header.seq :]:
        faults = [*stages.heed(fact), *courses.heed(fact.header)]
        yield from faults
        if faults:
            return
    if story[-1].header.type == "tournament.finished":
        yield from _placed(story[-1], stages, database)


def _placed(end: Fact, stages: Stages, database: ObservedDatabase) -> Iterator[str]:
    """All have the places that the stages have given them."""
    marks, places = end.header.marks, stages.places
    first = dict(zip(cast(Any, marks["entrants"]), cast(Any, marks["places"]), strict=True))
    if first != {n: place for n, place in places.items() if place <= limits.PLACES_MAX}:
        yield f"the first are {first}, not {places}"
    champions, bracket = sum(place == 1 for place in places.values()), stages.last
    if bracket is None:
        if champions != stages.groups:
            yield f"there are {champions} champions of {stages.groups} groups"
        return
    stored, board = database.stream(end.header.stream), bracket.board
    assert stored is not None
    told = {n: stored.rows[FactKey(ENTRANT, str(n))].get("place") for n in board.order}
    if not board.finished or told != board.places:
        yield f"places are {told}, not {board.places}"
    if champions > 1 or (not champions and None not in board.results.values()):
        yield f"there are {champions} champions"


def stored(kind: Kind[Any], stream: str, database: ObservedDatabase) -> Iterator[str]:
    """The rows are what the log says."""
    state, rows = _folded(kind, stream, database)
    stored = database.stream(stream)
    assert stored is not None
    if state != database.story[stream][-1].state:
        yield "its log says something else than when it was written"
    for key in rows.keys() | stored.rows.keys():
        if rows.get(key) != stored.rows.get(key):
            yield f"{key} is {stored.rows.get(key)}, not {rows.get(key)}"


def _folded(kind: Kind[Any], stream: str, database: ObservedDatabase) -> tuple[Any, dict[FactKey, Any]]:
    stored = database.stream(stream)
    assert stored is not None
    folded = Folded(kind, stream)
    folded.log = [(row.header, row.payload) for row in stored.events]
    return folded.refolded()


def check_actors(stream: str, cluster: Cluster, history: History) -> int:
    """At any time its actors' states are what the log says; how many there are. Raises Violation."""
    story = cluster.database.story.get(stream, ())
    cells = [cell for node in cluster.nodes.values() for cell in node.cells if cell.stream == stream]
    for cell in cells:
        head = cell.active.head
        if head and cell.active.state != (logged := story[head - 1].state):
            raise history.fail(3, f"the actor of {stream} has {cell.active.state}, the log says {logged}")
    return len(cells)
