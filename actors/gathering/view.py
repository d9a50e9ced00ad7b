"""What a snapshot shows of a gathering. Its size and the work it takes are bounded, however many are registered."""

from __future__ import annotations

from actors.gathering.state import Gathering
from actors.staffing import Rank
from protocol.gathering.view import GatheringView, OwnRegistration


def view(gathering: Gathering, user: str) -> GatheringView:
    """The gathering as this user sees it."""
    settings = gathering.settings
    return GatheringView(
        gathering=gathering.gathering,
        phase=gathering.phase or "draft",
        owner=gathering.owner,
        organisers=tuple(gathering.staff),
        games=settings.games,
        players_max=settings.players_max,
        visibility=settings.visibility,
        registration_at=settings.registration_at,
        check_in_at=settings.check_in_at,
        closes_at=settings.closes_at,
        tournaments=gathering.attached,
        registered=gathering.registered,
        checked_in=gathering.checked_in,
        own=_own(gathering, user),
        role="organiser" if gathering.rank(user) >= Rank.ORGANISER else None,
    )


def _own(gathering: Gathering, user: str) -> OwnRegistration | None:
    number = gathering.users.get(user)
    if number is None:
        return None
    player = gathering.players[number]
    return OwnRegistration(
        player=number,
        status=player.status,
        checked_in=player.checked_in,
        tournaments=gathering.chosen(player),
    )
