"""Who may see a stream: asked in the statement that reads of it."""

from __future__ import annotations

from typing import Final

VISIBLE: Final = """
s.deleted_at is null
and exists (select from listener l where l.stream_id = s.id and l.user_id in (%(user)s, '*'))
and not exists (select from listener n where n.stream_id = s.id and n.user_id = '!')
"""
"""Of ``stream s``; %(user)s asks."""
