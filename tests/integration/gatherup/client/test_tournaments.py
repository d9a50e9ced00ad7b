"""The SDK against a real node: a tournament from its draft to its champion, and a spectator who polls nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio

from gatherup.client import LiveBracket, RefusedError, Stream
from protocol.codes import Code
from protocol.tournament.view import TournamentView
from tests.integration.gatherup.client.test_rooms import HANG_S, guest
from tests.integration.shared import SharedNode

pytestmark = pytest.mark.real


async def until(stream: Stream, live: LiveBracket, so: Callable[[LiveBracket], bool]) -> None:
    async for item in stream:
        live.take(item)
        if so(live):
            return
    raise AssertionError("it ended")


async def test_a_tournament_is_played_and_watched(node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        async with (
            guest(node.addresses, "Owner") as owner,
            guest(node.addresses, "Ann") as ann,
            guest(node.addresses, "Ben") as ben,
            guest(node.addresses, "Eve") as eve,
        ):
            cup = await owner.create_tournament("Cup", best_of=3, ready_s=60)
            live, stream = LiveBracket(), await eve.tournament(cup.id).subscribe()
            await until(stream, live, lambda live: live.phase == "draft")
            with pytest.raises(RefusedError) as refused:
                await ann.tournament(cup.id).enter()
            assert refused.value.code is Code.WRONG_PHASE
            await cup.open_registration()
            for player in (ann, ben):
                await player.tournament(cup.id).enter()
            await until(stream, live, lambda live: live.entered == 2)
            await cup.set_seeds([1, 2])
            await cup.start()
            await until(stream, live, lambda live: 1 in live.matches)
            assert (live.phase, live.complete, live.matches[1].part) == ("running", False, "final")
            for player in (ann, ben):
                await player.tournament(cup.id).ready(1)
            await until(stream, live, lambda live: live.matches[1].phase == "playing")
            await ann.tournament(cup.id).report(1, [(2, 1), (0, 1), (5, 0)])
            await until(stream, live, lambda live: live.matches[1].phase == "reported")
            await ben.tournament(cup.id).confirm(1)
            await until(stream, live, lambda live: live.phase == "finished")
            assert live.places == {1: 1, 2: 2}
            assert live.matches[1].scores == ((2, 1), (0, 1), (5, 0))
            stream.close()
            again = LiveBracket()
            async for item in await ann.subscribe(cup.id):
                again.take(item)
                assert isinstance(view := getattr(item, "view", None), TournamentView)
                assert view.own is not None and view.own.entrant == 1
                break
            assert (again.phase, again.places, again.matches_done) == ("finished", {1: 1, 2: 2}, 1)
