"""What of rooms goes in the end: removed ones whole, and earlier texts of edited messages."""

from __future__ import annotations

import pytest

from actors.kind import Instant
from gatherup.features.rooms.keeps import REMOVED, room_keeps
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.rooms.old_rows import OldRows
from tests.integration.gatherup.features.people.test_http_erasure import where
from tests.integration.gatherup.features.tournaments.test_ownership import holding
from tests.integration.keeping import Later, base_of, swept
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem, settings

pytestmark = pytest.mark.real
DAY_MS = 86_400_000
TEXTS = ("Thwartwise hall", "A quonking message", "It was gallimaufry")


async def sweep(dsn: str, days: float) -> None:
    clock = Later(days * DAY_MS)
    async with Pool(dsn, autocommit=True) as pool:
        keeps = room_keeps(base_of(settings(dsn), pool, clock))
        await swept([keep for keep in keeps if keep.what == REMOVED.what], clock)


async def test_a_removed_room_is_erased_in_the_end(site: Site, node: SharedNode) -> None:
    ann, ben = await site.guest(), await site.guest()
    room, stays = await ann.new_room(name=TEXTS[0]), await ann.new_room()
    await ben.send("POST", f"/v1/rooms/{room}/join")
    message = f"/v1/rooms/{room}/messages/{await ann.post(room, TEXTS[1])}"
    await ben.send("POST", f"{message}/react", reaction="🎂")
    answer = await ben.http.post(f"{message}/report", json={"ground": "spam", "note": TEXTS[2]})
    assert answer.status_code < 300, answer.text
    assert (await ben.http.put(f"/v1/rooms/{room}/read", json={"number": 1})).status_code < 300
    assert (await ann.send("DELETE", f"/v1/rooms/{room}")).status_code == 200
    held = {"event", "receipt", "listener", "room", "message", "reaction", "reaction_count", "report"}
    await sweep(node.dsn, 29.9)
    assert held <= holding(node.dsn, room)
    assert all(where(node.dsn, text) for text in TEXTS)

    await sweep(node.dsn, 30.1)
    assert holding(node.dsn, room) == set()
    assert {text: found for text in TEXTS if (found := where(node.dsn, text))} == {}
    # Its actor is still awake, and finds that it has nothing to write to.
    problem(await ann.send("POST", f"/v1/rooms/{room}/restore"), 404, "not_found")
    problem(await ben.http.get(f"/v1/rooms/{room}"), 404, "not_found")
    assert await ann.post(stays, "still here")


_EDITED = """
with m as (
    insert into message (stream_id, seq, number, author, body, at, edited_at, edits)
    values (gen_random_uuid(), 1, 1, 'x', 'new', 1, %(at)s, '{2, 3}') returning stream_id
)
insert into event (stream_id, seq, header, payload)
select stream_id, seq, '', convert_to('text ' || seq, 'UTF8') from m, generate_series(1, 4) seq
"""
_LEFT = """
select string_agg(convert_from(e.payload, 'UTF8'), ' ' order by e.seq)
from event e join message m using (stream_id) group by stream_id, m.edited_at order by m.edited_at
"""


async def test_all_texts_of_an_edited_message_go_but_the_newest(pool: Pool) -> None:
    old = OldRows(pool)

    async def left() -> list[str]:
        return [text for (text,) in await rows(pool, _LEFT, {})]

    whole, newest = "text 1 text 2 text 3 text 4", "text 3 text 4"
    times: list[Instant] = [10, 20, 30]
    for at in times:
        await execute(pool, _EDITED, {"at": at})
    assert await old.erase_edits(10, 5) == 0
    assert await old.erase_edits(30, 1) == 1
    assert await left() == [newest, whole, whole]
    assert await old.erase_edits(30, 5) == 1
    assert await left() == [newest, newest, whole]
    assert await old.erase_edits(30, 5) == 0  # it isn't looked at again
    assert await old.erase_edits(31, 5) == 1
    assert await left() == [newest] * 3
