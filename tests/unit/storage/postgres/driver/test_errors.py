"""What may be concluded from a failed statement."""

import pytest

from storage.postgres.driver.errors import (
    DataRejected,
    OutcomeUnknown,
    PostgresError,
    ReadOnly,
    Retryable,
    ServerFault,
    StatementFailed,
    statement_error,
)


@pytest.mark.parametrize(
    ("sqlstate", "severity", "kind"),
    [
        ("40001", "ERROR", Retryable),
        ("40P01", "ERROR", Retryable),
        ("55P03", "ERROR", Retryable),
        ("57014", "ERROR", Retryable),
        ("22P02", "ERROR", DataRejected),
        ("23505", "ERROR", DataRejected),
        ("54000", "ERROR", DataRejected),
        ("42P01", "ERROR", ServerFault),
        ("XX001", "ERROR", ServerFault),
        ("58030", "ERROR", ServerFault),
        ("P0001", "ERROR", ServerFault),
        ("53100", "ERROR", StatementFailed),
        ("25006", "ERROR", ReadOnly),
        ("40003", "ERROR", OutcomeUnknown),
        ("08006", "ERROR", OutcomeUnknown),
        ("57P01", "FATAL", OutcomeUnknown),
        ("57P02", "FATAL", OutcomeUnknown),
        ("57P03", "FATAL", OutcomeUnknown),
        ("53200", "FATAL", OutcomeUnknown),
        ("XX000", "PANIC", OutcomeUnknown),
        (None, None, OutcomeUnknown),
    ],
)
def test_sorting(sqlstate: str | None, severity: str | None, kind: type[PostgresError]) -> None:
    error = statement_error("why", sqlstate=sqlstate, severity=severity)
    assert type(error) is kind
    assert error.sqlstate == sqlstate
