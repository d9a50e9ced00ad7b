"""Dead jobs over HTTP: what the command line can, for admins alone, and noted."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from protocol import limits
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from tests.integration.gatherup.features.lookups.test_lookups import admin_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
JOBS = "/v1/admin/jobs"
_DEAD = """
insert into job (queue, arguments, attempts, last_error, dead_at)
values (%(queue)s, jsonb_build_object('kind', %(kind)s::text, 'to', 'ann@example.org'), 3, 'It failed.',
    now() - make_interval(secs => %(dead_for_s)s))
returning id
"""
_numbers = itertools.count(1)


class Dead:
    """Dead jobs in a queue of the test's."""

    def __init__(self, pool: Pool) -> None:
        self.queue = f"admin-test-{next(_numbers)}"
        self._pool = pool

    async def add(self, kind: str = "x", dead_for_s: float = 0) -> int:
        parameters = {"queue": self.queue, "kind": kind, "dead_for_s": dead_for_s}
        ((number,),) = await rows(self._pool, _DEAD, parameters)
        return number

    async def left(self) -> list[tuple[int, bool]]:
        query = "select id, dead_at is not null from job where queue = %(queue)s order by id"
        return [(number, dead) for number, dead in await rows(self._pool, query, {"queue": self.queue})]


async def shown(admin: Person, **query: Any) -> tuple[list[tuple[str, int]], list[int]]:
    answer = await admin.http.get(f"{JOBS}/dead", params=query)
    assert answer.status_code == 200, answer.text
    assert "ann@example.org" not in answer.text
    told = answer.json()
    return [(one["kind"], one["dead"]) for one in told["counts"]], [one["id"] for one in told["jobs"]]


async def changed(admin: Person, what: str, **body: Any) -> int:
    answer = await admin.http.post(f"{JOBS}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["jobs"]


async def test_dead_jobs_are_listed_tried_again_and_deleted(site: Site, node: SharedNode) -> None:
    admin = await admin_of(site, node)
    async with Pool(node.dsn, autocommit=True) as pool:
        dead = Dead(pool)
        old = await dead.add("x", 7200)
        new, other = await dead.add("x"), await dead.add("y")
        assert await shown(admin, queue=dead.queue) == ([("x", 2), ("y", 1)], [other, new, old])
        assert await shown(admin, queue=dead.queue, kind="x", limit=1) == ([("x", 2)], [new])
        assert await shown(admin, queue=dead.queue, dead_for_s=3600) == ([("x", 1)], [old])
        assert await changed(admin, "retry", ids=[old, 2**40]) == 1
        assert await changed(admin, "retry", ids=[new], queue="mail") == 0
        assert await dead.left() == [(old, False), (new, True), (other, True)]
        assert await changed(admin, "purge", queue=dead.queue, kind="y") == 1
        assert await changed(admin, "purge", queue=dead.queue, dead_for_s=3600) == 0
        assert await changed(admin, "purge", queue=dead.queue) == 1
        assert await dead.left() == [(old, False)]
        query = "select act, after from audit_log where actor = %(by)s and subject = 'jobs' order by id"
        acts = await rows(pool, query, {"by": admin.user})
        await rows(pool, "delete from job where queue = %(queue)s returning id", {"queue": dead.queue})
    assert acts[0] == ("jobs.retry", {"ids": f"{old} {2**40}"})
    assert acts[-1] == ("jobs.purge", {"queue": dead.queue})
    assert len(acts) == 5


async def test_only_admins_may_and_a_choice_must_be_one(site: Site, node: SharedNode) -> None:
    admin, ann = await admin_of(site, node), await site.guest()
    problem(await ann.http.get(f"{JOBS}/dead"), 403, "forbidden")
    problem(await admin.http.get(f"{JOBS}/dead", params={"queue": "Mail!"}), 422, "invalid", "queue")
    problem(await admin.http.get(f"{JOBS}/dead", params={"dead_for_s": -1}), 422, "invalid", "dead_for_s")
    for what in ("retry", "purge"):
        problem(await ann.http.post(f"{JOBS}/{what}", json={"everything": True}), 403, "forbidden")
        for body, field in (
            ({}, "ids"),
            ({"everything": False}, "ids"),
            ({"everything": True, "queue": "mail"}, "everything"),
            ({"everything": True, "ids": [1]}, "everything"),
            ({"ids": []}, "ids"),
            ({"ids": [0]}, "ids[0]"),
            ({"ids": [1] * (limits.PAGE_ITEMS_MAX + 1)}, "ids"),
            ({"kind": "a\nb"}, "kind"),
            ({"dead_for_s": limits.JOB_AGE_MAX_S + 1}, "dead_for_s"),
        ):
            problem(await admin.http.post(f"{JOBS}/{what}", json=body), 422, "invalid", field)
