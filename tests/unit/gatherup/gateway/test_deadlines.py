from __future__ import annotations

import pytest

from gatherup.gateway.deadlines import Due, Phase, due
from protocol import limits


@pytest.mark.parametrize(
    ("phase", "limit_s", "expected"),
    [
        (Phase.HANDSHAKE, limits.HANDSHAKE_TIMEOUT_S, Due.REFUSE),
        (Phase.HELLO, limits.HELLO_TIMEOUT_S, Due.HELLO_TIMEOUT),
        (Phase.LEAVING, limits.CLOSE_TIMEOUT_S, Due.ABORT),
    ],
)
def test_a_phase_ends_at_its_limit(phase: Phase, limit_s: float, expected: Due) -> None:
    for in_phase_s, what in ((limit_s - 0.001, Due.NOTHING), (limit_s, expected)):
        assert due(phase, in_phase_s=in_phase_s, silent_s=1e9, pinged=False, token_left_ms=0) is what


@pytest.mark.parametrize(
    ("silent_s", "pinged", "token_left_ms", "expected"),
    [
        (0.0, False, 1, Due.NOTHING),
        (0.0, False, 0, Due.TOKEN_EXPIRED),
        (1e9, True, -1, Due.TOKEN_EXPIRED),
        (limits.HEARTBEAT_S - 0.001, False, 1, Due.NOTHING),
        (limits.HEARTBEAT_S, False, 1, Due.PING),
        (limits.HEARTBEAT_S, True, 1, Due.NOTHING),
        (limits.IDLE_TIMEOUT_S - 0.001, True, 1, Due.NOTHING),
        (limits.IDLE_TIMEOUT_S, True, 1, Due.IDLE),
        (limits.IDLE_TIMEOUT_S, False, 1, Due.IDLE),
    ],
)
def test_a_ready_connection(silent_s: float, pinged: bool, token_left_ms: int, expected: Due) -> None:
    what = due(Phase.READY, in_phase_s=1e9, silent_s=silent_s, pinged=pinged, token_left_ms=token_left_ms)
    assert what is expected
