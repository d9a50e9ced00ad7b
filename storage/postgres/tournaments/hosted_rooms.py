"""The rooms of a tournament's matches, which go with it when it is erased."""

from __future__ import annotations

from typing import Final

_ROOMS: Final = """
select uuid(substr(m.room, 6)) from tournament_match m where m.stream_id = %(stream)s and m.room is not null
"""
REMOVE: Final = (
    f"update stream set deleted_at = coalesce(deleted_at, now()), wake_at = null where id in ({_ROOMS})",  # noqa: S608
    f"""
insert into listener (stream_id, user_id) select room.stream_id, '!' from room where room.stream_id in ({_ROOMS})
on conflict do nothing
""",  # noqa: S608
    f"update room set deleted_at = 0 where stream_id in ({_ROOMS})",  # noqa: S608
)
"""What removes those of %(stream)s at once: the log refuses whatever comes to them, and everybody is kept from them.
Removed at the beginning of time, they are the next that are erased, however long removed rooms are kept.
"""
