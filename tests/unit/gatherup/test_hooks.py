"""Hooks: the page's own example, and what a hook can and can't do to a node."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gatherup import hooks
from gatherup.hooks import HookedRouter, HookNotLoadedError, Hooks, Refusal, loaded
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply, Signal, Unknown
from protocol.ids import derive_client_id
from protocol.room.commands import JoinRoom, PostMessage
from tests.markdown import ROOT, blocks

ANN, BOB = ("user:" + c * 32 for c in "ab")
ROOM = "room:" + "1" * 32


class Router:
    """Accepts everything."""

    def __init__(self) -> None:
        self.took: list[Command] = []

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        self.took.append(command)
        reply(Accepted(client_id=command.client_id))

    async def ask(self, command: Command, *, by: str) -> Reply:
        self.took.append(command)
        return Accepted(client_id=command.client_id)

    def signal(self, signal: Signal, *, by: str) -> None: ...

    async def view(self, stream: str, *, user: str) -> Refused:
        return Refused(code=Code.NOT_FOUND, message=stream)


def post(body: str, *, resend: bool = False) -> PostMessage:
    return PostMessage(client_id=derive_client_id(body), stream=ROOM, body=body, resend=resend)


async def both_ways(found: Hooks, command: Command, by: str = ANN) -> tuple[list[Command], Reply]:
    """What reached the router and the reply: the same over the socket's way and HTTP's."""
    one, other = Router(), Router()
    replies: list[Reply] = []
    HookedRouter(one, found).send(command, by=by, reply=replies.append)
    replies.append(await HookedRouter(other, found).ask(command, by=by))
    assert one.took == other.took
    assert replies[0] == replies[1]
    assert len(replies) == 2
    return one.took, replies[0]


@pytest.fixture
def example() -> ModuleType:
    (block,) = blocks("python", ROOT / "docs" / "hooks.md")
    module = ModuleType("rules")
    exec(compile(block.text, str(block), "exec"), module.__dict__)
    return module


async def test_the_page_s_example_does_what_it_says(
    example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rules", example)
    found = loaded(["rules:rules"])
    took, reply = await both_ways(found, post("see https://example.org"))
    assert took == []
    assert reply == Refused(
        client_id=derive_client_id("see https://example.org"),
        stream=ROOM,
        code=Code.HOOK_REFUSED,
        message="Say hello before you post links.",
        field="body",
    )
    took, reply = await both_ways(found, post("hello"))
    assert (len(took), type(reply)) == (1, Accepted)
    took, reply = await both_ways(found, post("see https://example.org/2"))
    assert (len(took), type(reply)) == (1, Accepted)
    took, reply = await both_ways(found, post("HELLO"), BOB)
    assert took == []
    took, reply = await both_ways(found, JoinRoom(client_id=derive_client_id("j"), stream=ROOM), BOB)
    assert (len(took), type(reply)) == (1, Accepted)


def raising(command: Command, by: str) -> Refusal | None:
    raise ZeroDivisionError


async def test_a_hook_that_fails_refuses_and_ends_nothing() -> None:
    took, reply = await both_ways(Hooks([raising]), post("hello"))
    assert took == []
    assert isinstance(reply, Refused)
    assert reply.code is Code.INTERNAL
    wrong: Any = lambda command, by: True  # noqa: E731
    took, reply = await both_ways(Hooks([wrong]), post("hello"))
    assert took == []
    assert isinstance(reply, Refused)
    assert reply.code is Code.INTERNAL


async def test_what_is_sent_again_is_never_certainly_refused() -> None:
    def refuse(command: Command, by: str) -> Refusal | None:
        return Refusal("No.")

    for hook in (refuse, raising):
        took, reply = await both_ways(Hooks([hook]), post("hello", resend=True))
        assert took == []
        assert reply == Unknown(client_id=derive_client_id("hello"))


async def test_the_first_refusal_counts_and_all_see_what_became_of_it() -> None:
    order: list[str] = []

    class Hook:
        def __init__(self, name: str, refusal: Refusal | None) -> None:
            self.name = name
            self.refusal = refusal

        def before(self, command: Command, by: str) -> Refusal | None:
            order.append(self.name)
            return self.refusal

        def after(self, command: Command, by: str, reply: Reply) -> None:
            order.append(f"{self.name} {type(reply).__name__}")
            raise ZeroDivisionError

    found = Hooks([Hook("1", None), Hook("2", Refusal("Two.")), Hook("3", Refusal("Three."))])
    reply = await HookedRouter(Router(), found).ask(post("hello"), by=ANN)
    assert isinstance(reply, Refused)
    assert reply.message == "Two."
    assert order == ["1", "2", "1 Refused", "2 Refused", "3 Refused"]


async def test_a_long_sentence_is_cut_and_reads_pass_by() -> None:
    def refuse(command: Command, by: str) -> Refusal | None:
        return Refusal("x" * 10_000)

    _, reply = await both_ways(Hooks([refuse]), post("hello"))
    assert isinstance(reply, Refused)
    assert len(reply.message) == 200
    assert (await HookedRouter(Router(), Hooks([refuse])).view(ROOM, user=ANN)).message == ROOM  # type: ignore[union-attr]


def test_packages_declare_hooks_too(
    example: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "rules", example)
    points = [
        EntryPoint("b", "rules:rules", "gatherup.hooks"),
        EntryPoint("a", "rules:Rules.before", "gatherup.hooks"),
    ]

    def entry_points(*, group: str) -> list[EntryPoint]:
        assert group == "gatherup.hooks"
        return points

    monkeypatch.setattr(hooks, "entry_points", entry_points)
    found = loaded([])
    assert found.before == [example.Rules.before, example.rules.before]
    assert found.after == [example.rules.after]
    points.append(EntryPoint("c", "nowhere:rules", "gatherup.hooks"))
    with pytest.raises(HookNotLoadedError, match="nowhere:rules"):
        loaded([])


@pytest.mark.parametrize("path", ["nowhere:rules", "gatherup.hooks:nothing", "gatherup.hooks:GROUP"])
def test_a_hook_that_cant_be_loaded_keeps_the_node_from_starting(path: str) -> None:
    with pytest.raises(HookNotLoadedError):
        loaded([path])


def test_without_hooks_there_are_none() -> None:
    assert len(loaded([])) == 0
