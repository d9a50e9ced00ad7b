"""Whatever can't be is refused over HTTP with a stable code, a sentence and the field, and changes nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from protocol import limits
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
STRANGER = 0
OWNER = -1
NOBODY = "user:" + "1" * 32
TOO_LONG = "x" * 10_000


class Bad(NamedTuple):
    """A request that is refused."""

    what: str
    by: int
    """The number of a player; STRANGER or OWNER."""
    part: str
    body: dict[str, Any]
    status: int
    code: str
    field: str | None = None
    method: str = "POST"


def patch(what: str, body: dict[str, Any], status: int, code: str, field: str | None) -> Bad:
    return Bad(what, OWNER, "", body, status, code, field, "PATCH")


async def nothing_changes(cup: Cup, bad: tuple[Bad, ...], **users: str) -> None:
    """Each of these is refused as it says, with a sentence, and the tournament is as it was."""
    stranger, before = await cup.site.guest("Stranger"), await cup.get()
    otherwise: dict[str, Any] = {}
    for one in bad:
        who: Person = {STRANGER: stranger, OWNER: cup.owner}.get(one.by) or cup.player(one.by)
        body = {name: _filled(value, users) for name, value in one.body.items()}
        answer = await cup.do(who, one.method, one.part, **body)
        document = answer.json()
        told = (answer.status_code, document.get("code"), document.get("field"))
        if told == (one.status, one.code, one.field):
            problem(answer, *told)
        else:
            otherwise[one.what] = told
    assert otherwise == {}
    assert await cup.get() == before


def _filled(value: Any, users: dict[str, str]) -> Any:
    """With the ids of users, who stand there by name."""
    if isinstance(value, str):
        return users.get(value, value)
    if isinstance(value, list):
        return [_filled(one, users) for one in value]
    return {name: _filled(one, users) for name, one in value.items()} if isinstance(value, dict) else value


ABSURD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"entrants_max": limits.TOURNAMENT_ENTRANTS_MIN - 1}, "entrants_max"),
    ({"entrants_max": limits.TOURNAMENT_ENTRANTS_MAX + 1}, "entrants_max"),
    ({"entrants_max": 2**63}, "entrants_max"),
    ({"best_of": 2}, "best_of"),
    ({"best_of": 11}, "best_of"),
    ({"ready_s": limits.READY_S_MAX + 1}, "ready_s"),
    ({"ready_s": -1}, "ready_s"),
    ({"confirm_s": 0}, "confirm_s"),
    ({"play_s": limits.PLAY_S_MAX + 1}, "play_s"),
    ({"team_max": limits.TEAM_PLAYERS_MAX + 1}, "team_max"),
    ({"substitutes": limits.SUBSTITUTES_MAX + 1}, "substitutes"),
    ({"start_at": 2**53}, "start_at"),
    ({"format": "ladder"}, "format"),
    ({"name": ""}, "name"),
    ({"name": TOO_LONG}, "name"),
    ({"description": TOO_LONG}, "description"),
    ({"rounds": [{}] * (limits.ROUND_RULES_MAX + 1)}, "rounds"),
    ({"stages": [{}] * (limits.STAGES_MAX + 1)}, "stages"),
    ({"stages": [{"groups": limits.GROUPS_MAX + 1}]}, "stages[0].groups"),
    ({"stages": [{"legs": limits.LEGS_MAX + 1}]}, "stages[0].legs"),
    ({"stages": [{"rounds": limits.SWISS_ROUNDS_MAX + 1}]}, "stages[0].rounds"),
    ({"stages": [{"format": "round_robin"}], "entrants_max": limits.GROUP_ENTRANTS_MAX + 1}, "entrants_max"),
    # Stages follow on each other in the order of the list, so that no circle can be said; these don't.
    ({"stages": [{"advance": 4}, {"advance": 4}]}, "stages"),
    ({"stages": [{}, {}]}, "stages"),
    ({"stages": [{"advance": 4}, {"format": "round_robin", "advance": 8}, {}]}, "stages"),
    ({"stages": [{"advance": 1}, {}]}, "stages"),
    ({"stages": [{"advance": 4}, {"format": "round_robin", "groups": 3}]}, "stages"),
    ({"stages": [{"draws": True}]}, "stages"),
)


@pytest.mark.parametrize(("body", "field"), ABSURD, ids=lambda value: str(value)[:40])
async def test_no_tournament_has_absurd_sizes(site: Site, body: dict[str, Any], field: str) -> None:
    ann = await site.guest()
    answer = await ann.send("POST", "/v1/tournaments", **{"name": "Cup", **body})
    assert problem(answer, 422, "invalid", field)["detail"]
    assert (await ann.http.get("/v1/tournaments", params={"mine": True})).json()["tournaments"] == []


REGISTERING: tuple[Bad, ...] = (
    Bad("too few entrants", OWNER, "/start", {}, 409, "too_few"),
    Bad(
        "an unknown player",
        OWNER,
        "/entrants",
        {"entrants": [{"user": NOBODY}]},
        404,
        "not_found",
        "entrants",
    ),
    Bad(
        "a player twice",
        OWNER,
        "/entrants",
        {"entrants": [{"user": "ANN"}, {"user": "ANN"}]},
        409,
        "already_exists",
        "entrants",
    ),
    Bad(
        "a player who is in",
        OWNER,
        "/entrants",
        {"entrants": [{"user": "P1"}]},
        409,
        "already_exists",
        "entrants",
    ),
    Bad("nobody", OWNER, "/entrants", {"entrants": [{}]}, 422, "invalid", "entrants"),
    Bad("no entrants", OWNER, "/entrants", {"entrants": []}, 422, "invalid", "entrants"),
    Bad(
        "too many at once",
        OWNER,
        "/entrants",
        {"entrants": [{"name": "x"}] * (limits.ENTRANTS_PER_COMMAND_MAX + 1)},
        422,
        "invalid",
        "entrants",
    ),
    Bad("to enter twice", 1, "/enter", {}, 409, "already_exists"),
    Bad("to leave as an outsider", STRANGER, "/leave", {}, 403, "forbidden"),
    Bad("to remove nobody", OWNER, "/entrants/9/remove", {}, 404, "not_found", "entrant"),
    Bad("a seed twice", OWNER, "/seeds", {"entrants": [1, 1]}, 422, "invalid", "entrants", "PUT"),
    Bad("a seed who isn't in", OWNER, "/seeds", {"entrants": [9]}, 404, "not_found", "entrants", "PUT"),
    Bad("a report before the start", 1, "/matches/1/report", {"scores": [[1, 0]]}, 409, "wrong_phase"),
    Bad(
        "an unknown user on the staff",
        OWNER,
        "/staff",
        {"user": NOBODY, "role": "referee"},
        404,
        "not_found",
        "user",
    ),
    Bad("an unknown role", OWNER, "/staff", {"user": "ANN", "role": "king"}, 422, "invalid", "role"),
    patch("nothing", {}, 422, "invalid", None),
    patch(
        "a start before the check-in", {"check_in_at": 5_000, "start_at": 4_000}, 422, "invalid", "start_at"
    ),
)


async def test_what_cannot_be_before_the_start(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        ann = await site.guest("Ann")
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(1)
        await nothing_changes(cup, REGISTERING, ANN=ann.user, P1=cup.player(1).user)


async def test_a_tournament_from_which_all_have_gone_does_not_start(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(3)
        for player in (1, 2, 3):
            await cup.done(player, "/leave")
        await nothing_changes(cup, (Bad("everybody withdrawn", OWNER, "/start", {}, 409, "too_few"),))


RUNNING: tuple[Bad, ...] = (
    Bad("a second start", OWNER, "/start", {}, 409, "wrong_phase"),
    Bad("the registration again", OWNER, "/open-registration", {}, 409, "wrong_phase"),
    Bad("to enter too late", STRANGER, "/enter", {}, 409, "wrong_phase"),
    Bad("to seed too late", OWNER, "/seeds", {"entrants": [2, 1]}, 409, "wrong_phase", None, "PUT"),
    patch("another format", {"format": "double_elimination"}, 409, "wrong_phase", "format"),
    patch("another size", {"entrants_max": 8}, 409, "wrong_phase", "entrants_max"),
    patch("other stages", {"stages": [{"format": "round_robin"}]}, 409, "wrong_phase", "stages"),
    Bad(
        "a report of a stranger",
        STRANGER,
        "/matches/2/report",
        {"scores": [[1, 0], [1, 0]]},
        403,
        "forbidden",
    ),
    Bad(
        "a report of another's match", 1, "/matches/2/report", {"scores": [[1, 0], [1, 0]]}, 403, "forbidden"
    ),
    Bad(
        "a report of no match",
        2,
        "/matches/9/report",
        {"scores": [[1, 0], [1, 0]]},
        404,
        "not_found",
        "match",
    ),
    Bad(
        "a report of a match to come",
        1,
        "/matches/3/report",
        {"scores": [[1, 0], [1, 0]]},
        403,
        "forbidden",
    ),
    Bad("too few games", 2, "/matches/2/report", {"scores": [[1, 0]]}, 422, "invalid", "scores"),
    Bad(
        "a game too many",
        2,
        "/matches/2/report",
        {"scores": [[1, 0], [1, 0], [1, 0]]},
        422,
        "invalid",
        "scores",
    ),
    Bad(
        "a drawn game", 2, "/matches/2/report", {"scores": [[1, 1], [1, 0], [1, 0]]}, 422, "invalid", "scores"
    ),
    Bad("no games", 2, "/matches/2/report", {"scores": []}, 422, "invalid", "scores"),
    Bad("too many games", 2, "/matches/2/report", {"scores": [[1, 0]] * 100}, 422, "invalid", "scores"),
    Bad("three sides", 2, "/matches/2/report", {"scores": [[1, 0, 0]]}, 422, "invalid", "scores[0]"),
    Bad(
        "absurd points",
        2,
        "/matches/2/report",
        {"scores": [[limits.POINTS_MAX + 1, 0], [1, 0]]},
        422,
        "invalid",
        "scores[0][0]",
    ),
    Bad(
        "negative points",
        2,
        "/matches/2/report",
        {"scores": [[-1, 0], [1, 0]]},
        422,
        "invalid",
        "scores[0][0]",
    ),
    Bad("a confirmation of nothing", 3, "/matches/2/confirm", {}, 409, "wrong_phase", "match"),
    Bad("a decision by a player", 2, "/matches/2/decide", {"winner": 2}, 403, "forbidden"),
    Bad("a winner who isn't there", OWNER, "/matches/2/decide", {"winner": 1}, 422, "invalid", "winner"),
    Bad(
        "a winner by others' scores",
        OWNER,
        "/matches/2/decide",
        {"winner": 3, "scores": [[1, 0], [1, 0]]},
        422,
        "invalid",
        "scores",
    ),
    Bad(
        "a note too long", OWNER, "/matches/2/decide", {"winner": 2, "note": TOO_LONG}, 422, "invalid", "note"
    ),
    Bad(
        "a link that is none",
        2,
        "/matches/2/dispute",
        {"evidence": "javascript:x"},
        422,
        "invalid",
        "evidence",
    ),
    Bad(
        "a correction of what isn't done",
        OWNER,
        "/matches/2/correct",
        {"winner": 2},
        409,
        "wrong_phase",
        "match",
    ),
    Bad(
        "a pick where nothing is picked",
        2,
        "/matches/2/pick",
        {"step": 1, "choice": "x"},
        409,
        "wrong_phase",
        "match",
    ),
    Bad(
        "another start without a window",
        2,
        "/matches/2/propose-start",
        {"at": 2**52},
        409,
        "wrong_phase",
        "match",
    ),
    Bad("to remove it", OWNER, "", {}, 409, "wrong_phase", None, "DELETE"),
)


async def test_what_cannot_be_while_it_runs(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, best_of=3) as cup:
        await cup.started(4)
        await cup.opened(2)
        await nothing_changes(cup, RUNNING)


async def test_reports_that_disagree_are_for_staff_alone(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(2)
        await cup.opened(1)
        await cup.done(1, "/matches/1/report", scores=[[1, 0]])
        again = Bad("the same again", 1, "/matches/1/report", {"scores": [[1, 0]]}, 409, "already_exists")
        own = Bad("to confirm one's own", 1, "/matches/1/confirm", {}, 403, "forbidden")
        await nothing_changes(cup, (again, own))
        await cup.done(2, "/matches/1/report", scores=[[0, 1]])
        parts = ("report", "confirm", "dispute")
        bad = [
            Bad(
                f"{part} of what is disputed",
                side,
                f"/matches/1/{part}",
                {"scores": [[1, 0]]} if part == "report" else {},
                409,
                "wrong_phase",
                "match",
            )
            for part in parts
            for side in (1, 2)
        ]
        await nothing_changes(cup, tuple(bad))
        await cup.done(cup.owner, "/matches/1/decide", winner=1)
        assert (await cup.get())["phase"] == "finished"


async def test_a_correction_on_which_later_rounds_depend_is_confirmed(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(4)
        await cup.won(1, 1, 4)
        await cup.won(2, 2, 3)
        await cup.opened(3)
        bad = (
            Bad("another winner", OWNER, "/matches/1/correct", {"winner": 4}, 409, "confirm_needed"),
            Bad("an undoing", OWNER, "/matches/1/undo", {}, 409, "confirm_needed"),
            Bad(
                "a winner of elsewhere", OWNER, "/matches/1/correct", {"winner": 2}, 422, "invalid", "winner"
            ),
            Bad("a correction by a player", 4, "/matches/1/correct", {"winner": 4}, 403, "forbidden"),
            Bad(
                "an unknown policy",
                OWNER,
                "/matches/1/correct",
                {"winner": 4, "policy": "x"},
                422,
                "invalid",
                "policy",
            ),
        )
        await nothing_changes(cup, bad)
        await cup.done(cup.owner, "/matches/1/correct", winner=4, confirm=True)


OVER: tuple[Bad, ...] = (
    Bad("a report after the end", 1, "/matches/1/report", {"scores": [[1, 0]]}, 409, "wrong_phase"),
    Bad("a confirmation after the end", 2, "/matches/1/confirm", {}, 409, "wrong_phase"),
    Bad("a dispute after the end", 2, "/matches/1/dispute", {}, 409, "wrong_phase"),
    Bad("a decision after the end", OWNER, "/matches/1/decide", {"winner": 1}, 409, "wrong_phase"),
    Bad("to start again", OWNER, "/start", {}, 409, "wrong_phase"),
    Bad("to cancel what is over", OWNER, "/cancel", {}, 409, "wrong_phase"),
    Bad("to leave what is over", 1, "/leave", {}, 409, "wrong_phase"),
    Bad("to change what is over", OWNER, "", {"name": "x"}, 409, "wrong_phase", None, "PATCH"),
    Bad("to restore what is there", OWNER, "/restore", {}, 409, "already_exists"),
)


async def test_what_cannot_be_after_the_end(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(2)
        await cup.won(1, 1, 2)
        await cup.watcher.saw("finished")
        await nothing_changes(cup, OVER)


async def test_what_cannot_be_while_games_are_picked(site: Site, node: SharedNode) -> None:
    rule = {
        "picks": {"pool": ["dust2", "mirage", "nuke"], "steps": ["ban a", "ban b", "decider"], "step_s": 600}
    }
    async with cup_of(site, node, rounds=[rule]) as cup:
        await cup.started(2)
        await cup.watcher.saw("picks_begun")
        pick = "/matches/1/pick"
        bad = (
            Bad("out of the pool", 1, pick, {"step": 1, "choice": "cache"}, 422, "invalid", "choice"),
            Bad("out of turn", 2, pick, {"step": 1, "choice": "nuke"}, 403, "forbidden", "step"),
            Bad("a step to come", 1, pick, {"step": 2, "choice": "nuke"}, 409, "wrong_phase", "step"),
            Bad("an absurd step", 1, pick, {"step": 10**9, "choice": "nuke"}, 422, "invalid", "step"),
            Bad("by a stranger", STRANGER, pick, {"step": 1, "choice": "nuke"}, 403, "forbidden"),
            Bad("a report before", 1, "/matches/1/report", {"scores": [[1, 0]]}, 409, "wrong_phase", "match"),
        )
        await nothing_changes(cup, bad)
        await cup.done(1, pick, step=1, choice="nuke")
        gone = Bad("a game that is banned", 2, pick, {"step": 2, "choice": "nuke"}, 422, "invalid", "choice")
        await nothing_changes(cup, (gone,))


async def test_everybody_may_leave_a_running_tournament_and_it_ends(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(3)
        await cup.opened(2)
        for player in (1, 2):
            await cup.done(player, "/leave")
        await cup.watcher.saw("finished")
        problem(await cup.do(3, "POST", "/leave"), 409, "wrong_phase")
        assert (await cup.get())["phase"] == "finished"
        places = (await cup.get("/standings"))["standings"]
        assert [(one["entrant"], one["place"]) for one in places] == [(3, 1), (1, 2), (2, 3)]
