"""What DATABASE_URL may look like. libpq's own complaints repeat parts of it, and so of an unescaped password."""

from __future__ import annotations

import re
from typing import Final

FORM: Final = (
    "must look like postgresql://user:password@host:5432/database, with %40 for @, %2F for / and %25 for % in the "
    "password"
)
_PORTS: Final = re.compile(r"\d{0,5}(,\d{0,5})*")


def check_conninfo(text: str) -> None:
    """Raises ValueError with a sentence that shows nothing of it."""
    import psycopg  # here, since a health check loads the settings and no database
    from psycopg.conninfo import conninfo_to_dict

    try:
        found = conninfo_to_dict(text)
    except (psycopg.Error, UnicodeError):
        raise ValueError(FORM) from None
    host, port = str(found.get("host") or ""), str(found.get("port") or "")
    # Where an unescaped password ends up; a leading @ is a socket without a file.
    if "@" in host[1:] or not _PORTS.fullmatch(port):
        raise ValueError(FORM)
