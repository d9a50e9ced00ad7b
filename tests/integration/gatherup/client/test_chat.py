"""``gatherup chat`` against a real node: what one types, the other sees."""

from __future__ import annotations

import contextlib
import importlib
import queue
from contextvars import ContextVar

import pytest
import trio

from gatherup.addresses import Addresses
from gatherup.chat import screen, talk
from gatherup.client import RefusedError
from tests.integration.shared import SharedNode
from tests.integration.site import unique

command = importlib.import_module(
    "gatherup.chat.command"
)  # the package gives that name to the command itself
pytestmark = pytest.mark.real
HANG_S = 60


class Terminal:
    """One chat: lines in, lines out."""

    def __init__(self) -> None:
        self.typed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.shown: list[str] = []
        self.more = trio.Event()

    def show(self, line: str, *, loud: bool = False) -> None:
        self.shown.append(line)
        self.more.set()

    async def until(self, start: str) -> str:
        while True:
            self.more = trio.Event()
            while self.shown:
                if (line := self.shown.pop(0)).startswith(start):
                    return line
            await self.more.wait()

    def type(self, line: str | None) -> None:
        self.typed.put(line)


async def test_a_guest_comes_in_by_invite_and_is_thrown_out(
    node: SharedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: ContextVar[Terminal] = ContextVar("here")

    def show(line: str, *, loud: bool = False) -> None:
        here.get().show(line)

    async def chat(terminal: Terminal, addresses: Addresses, room: str, name: str) -> None:
        here.set(terminal)  # the tasks that this one starts show there too
        with contextlib.suppress(RefusedError):  # thrown out
            await command.run(room, name, addresses.http, addresses.stream, terminal.typed.get)

    for module in (command, screen, talk):
        monkeypatch.setattr(module, "show", show)
    ann, ben = Terminal(), Terminal()
    den, lobby = unique("den"), unique("lobby")
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(chat, ann, node.addresses, den, "ann")
            nursery.start_soon(chat, ben, node.addresses, lobby, "ben")
            await ben.until(f"-- {lobby} is")
            await ann.until(f"-- {den} is")
            ann.type("/topic tea")
            await ann.until("* ann set the topic: tea")
            ann.type("/invite")
            ben.type("/join" + (await ann.until("-- whoever")).partition("/join")[2])
            await ben.until("-- this is room:")
            await ann.until("* ben joined")
            ben.type("hello")
            await ann.until("<ben> hello")
            ann.type("/reply ben welcome")
            await ben.until("<ann> (to ben) welcome")
            ben.type("/react 👍 ann")
            await ann.until("* ben reacted 👍")
            ben.type("/ban ann")
            await ben.until("! You don't have the right")
            ann.type("/ban ben")
            await ann.until("* ann banned ben")
            for terminal in (ann, ben):
                terminal.type(None)
