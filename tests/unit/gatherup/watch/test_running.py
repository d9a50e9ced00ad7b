"""What the command says when it can't watch, and when the connection is gone."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from gatherup.chat.names import Names
from gatherup.client import LiveBracket, Offline, Online
from gatherup.clock import SystemClock
from gatherup.watch import command
from gatherup.watch.entrants import Entrants
from gatherup.watch.running import lines, picture, tell
from tests.unit.gatherup.watch.test_drawing import nobody

GONE = Offline(code=None, message="No\x1b answer.", retry_after_s=2.5)
BACK = Online(user="user:" + "1" * 32, node="n", session="s")
SAID = "Disconnected: No\N{REPLACEMENT CHARACTER} answer. Trying again in 2.5 s."


def entrants() -> Entrants:
    return Entrants(Names(nobody, SystemClock(), {}))


def test_a_lost_connection_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with lines(LiveBracket(), entrants()) as shows:
        tell(shows, GONE)
        tell(shows, BACK)
    assert capsys.readouterr().out == f"! {SAID}\n"


def test_a_picture_says_it_until_the_connection_is_back() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    assert isinstance(console.file, io.StringIO)
    with picture(console, LiveBracket(), entrants()) as shows:
        shows.stands("Cup")
        tell(shows, GONE)
        assert SAID in console.file.getvalue()
        drawn = len(console.file.getvalue())
        tell(shows, BACK)
        assert "Cup" in console.file.getvalue()[drawn:]
        assert SAID not in console.file.getvalue()[drawn:]


def test_a_server_that_isnt_there_is_a_sentence() -> None:
    done = CliRunner().invoke(command, ["tournament:1", "--url", "http://127.0.0.1:9"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: No answer from http://127.0.0.1:9")
