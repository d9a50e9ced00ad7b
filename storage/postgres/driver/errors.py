"""What can go wrong between GatherUp and PostgreSQL, sorted by what the caller may conclude.

The question after a failed write is always the same: did it happen? ``LinkUnusable`` and every
``StatementFailed`` mean certainly not; ``OutcomeUnknown`` means that nobody here can tell.
"""

from typing import Final

from storage.postgres.driver.write_access import READ_ONLY


class PostgresError(Exception):
    """The base of all. ``sqlstate`` is the server's five-character code where it gave one."""

    def __init__(self, message: str, *, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class PoolTimeout(PostgresError):
    """No connection became free in time, or too many tasks wait already. Nothing was sent."""


class PoolClosed(PostgresError):
    """The pool is closed. Nothing was sent."""


class LinkUnusable(PostgresError):
    """The connection could not be used. Nothing was sent, so nothing happened."""


class OutcomeUnknown(PostgresError):
    """The connection was lost, or given up, after sending began: the statement may or may not have committed.

    It may even commit later than this is raised.
    """


class StatementFailed(PostgresError):
    """The server refused the statement and certainly rolled it back; the connection stays usable, unless ReadOnly."""


class Retryable(StatementFailed):
    """Deadlock, serialization failure, lock not available, or a time limit: the same again may succeed."""


class ReadOnly(StatementFailed):
    """The session may only read, and will for as long as it lives: it must be left for a new one."""


class DataRejected(StatementFailed):
    """The data is at fault (value, constraint, program limit): the same again will fail again."""


class ServerFault(StatementFailed):
    """The server failed on what this statement touched: a damaged page, a failed read, an object that isn't there.

    Another statement may succeed.
    """


def own_words(error: Exception) -> str:
    """What PostgreSQL said, without where it said it: one line for a person."""
    return (str(error).splitlines() or [type(error).__name__])[0]


_RETRYABLE: Final = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: NOWAIT or lock_timeout
        "57014",  # query_canceled: statement_timeout or a cancel request
    }
)
_DATA_CLASSES: Final = frozenset(
    {
        "22",  # data exception
        "23",  # integrity constraint violation
        "54",  # program limit exceeded
    }
)
_FAULT_CLASSES: Final = frozenset(
    {
        "42",  # undefined or ambiguous object: of one table, perhaps
        "58",  # system error outside PostgreSQL, such as a failed read
        "P0",  # raised by a function or a trigger
        "XX",  # internal error, data or index corrupted
    }
)
_UNKNOWN: Final = frozenset(
    {
        "40003",  # statement_completion_unknown
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
    }
)


def statement_error(message: str, *, sqlstate: str | None, severity: str | None) -> PostgresError:
    """The error for a failed result of a statement that was sent.

    Only a plain ERROR proves the roll-back. Without a code libpq itself reports a lost connection, and
    after FATAL or PANIC the session ended, perhaps while it waited for a standby with the commit done.
    """
    if sqlstate is None or severity != "ERROR" or sqlstate[:2] == "08" or sqlstate in _UNKNOWN:
        return OutcomeUnknown(message, sqlstate=sqlstate)
    if sqlstate in _RETRYABLE:
        return Retryable(message, sqlstate=sqlstate)
    if sqlstate == READ_ONLY:
        return ReadOnly(message, sqlstate=sqlstate)
    if sqlstate[:2] in _DATA_CLASSES:
        return DataRejected(message, sqlstate=sqlstate)
    if sqlstate[:2] in _FAULT_CLASSES:
        return ServerFault(message, sqlstate=sqlstate)
    return StatementFailed(message, sqlstate=sqlstate)
