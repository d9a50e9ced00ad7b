"""What was mailed, as the letters were queued: whether or not somebody has sent them since."""

from __future__ import annotations

from typing import Any

import psycopg

_COPY = """
create table mailed (id bigserial, letter jsonb);
create function copy_mail() returns trigger language plpgsql as $$
begin
    insert into mailed (letter) values (new.arguments);
    return null;
end $$;
create trigger copy_mail after insert on job for each row when (new.queue = 'mail') execute function copy_mail();
"""


class Mailbox:
    """Every letter of one database."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(_COPY)

    def letters(self) -> list[tuple[str, str]]:
        """Template and addressee of those not looked at yet."""
        return [(letter["template"], letter["to"]) for letter in self._taken()]

    def code(self, template: str) -> str:
        """The code in the only letter not looked at yet, which must be this one."""
        (letter,) = self._taken()
        assert letter["template"] == template, letter
        return letter["values"]["code"]

    def codes(self) -> list[tuple[str, str]]:
        """Template and code of the letters with a code not looked at yet."""
        letters = self._taken()
        return [(one["template"], one["values"]["code"]) for one in letters if "code" in one["values"]]

    def _taken(self) -> list[dict[str, Any]]:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            cursor = connection.execute("delete from mailed returning id, letter")
            return [letter for _, letter in sorted(cursor.fetchall())]
