"""What somebody is told of a competition that they have chosen, by the rows of the tournament."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gatherup.features.gatherings.answers import competition_of
from storage.postgres.gatherings.gatherings import CompetitionRow

ROW = CompetitionRow(
    tournament="tournament:" + "1" * 32,
    joined=True,
    name="Blitz",
    game="chess",
    format="swiss",
    phase="registration",
    start_at=None,
    entrants=3,
    entrants_max=8,
    chosen=True,
    status=None,
)


@pytest.mark.parametrize(
    ("what", "changes", "refused"),
    [
        ("it is on its way", {}, False),
        ("it is entered", {"status": "entered"}, False),
        ("it waits", {"status": "waiting"}, False),
        ("it had started", {"phase": "running"}, True),
        ("it is over", {"phase": "cancelled"}, True),
        ("it hasn't joined", {"joined": False}, True),
        ("it was removed", {"phase": None, "joined": False}, True),
        ("it has started with them", {"phase": "running", "status": "entered"}, False),
        ("it wasn't chosen", {"phase": "running", "chosen": False}, False),
    ],
)
def test_what_was_chosen_in_vain_is_refused(what: str, changes: dict[str, Any], refused: bool) -> None:
    told = competition_of(replace(ROW, **changes))
    assert (told.refused, told.entered) == (refused, 3), what
