"""What the README and the guides tell people to type does what they say, on a real server."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.e2e.installation import GATHERUP, Installation
from tests.markdown import ROOT, blocks

pytestmark = [pytest.mark.real, pytest.mark.slow]

README = ROOT / "README.md"
GUIDES = ROOT / "docs" / "guides"
ANYTHING = "..."


class Mismatch(AssertionError):
    """The server said something else than the page."""


def steps(text: str) -> Iterator[tuple[str, Any]]:
    """Each line of a conversation: who speaks, and what."""
    for line in filter(None, text.splitlines()):
        assert line[:2] in {"> ", "< "}, line
        yield line[0], json.loads(line[2:])


def filled(said: Any, names: dict[str, str]) -> Any:
    """What to send: names like ROOM stand for what they were found to be."""
    if isinstance(said, dict):
        return {key: filled(value, names) for key, value in said.items()}
    if isinstance(said, list):
        return [filled(value, names) for value in said]
    return names[said] if is_name(said) else said


def is_name(said: Any) -> bool:
    return isinstance(said, str) and said.isalpha() and said.isupper()


def compare(said: Any, got: Any, names: dict[str, str]) -> None:
    """What the page says is in what came. A name seen first takes the value that came. Raises Mismatch."""
    if said == ANYTHING:
        return
    if is_name(said):
        said = names.setdefault(said, got)
    if isinstance(said, dict):
        if not isinstance(got, dict) or not said.keys() <= got.keys():
            raise Mismatch(f"{said} isn't in {got}")
        for key, value in said.items():
            compare(value, got[key], names)
    elif isinstance(said, list):
        if not isinstance(got, list) or len(got) != len(said):
            raise Mismatch(f"{said} isn't {got}")
        for mine, theirs in zip(said, got, strict=True):
            compare(mine, theirs, names)
    elif said != got:
        raise Mismatch(f"{said!r} isn't {got!r}")


def test_a_wrong_page_is_found() -> None:
    names = {"ROOM": "room:1"}
    compare({"a": "...", "b": ["ROOM"], "c": "USER"}, {"a": 1, "b": ["room:1"], "c": "user:1", "d": 2}, names)
    assert names["USER"] == "user:1"
    for said in ({"x": 1}, {"b": ["room:2"]}, {"b": []}, {"c": 5}, {"a": "ROOM"}):
        with pytest.raises(Mismatch):
            compare(said, {"a": 1, "b": ["room:1"], "c": "user:1"}, names)


async def curl(installation: Installation, line: str) -> Any:
    """What a curl command of a page gets from this server."""
    url, arguments = "", iter(shlex.split(line)[1:])
    headers: dict[str, str] = {}
    body: str | None = None
    for argument in arguments:
        match argument:
            case "-s":
                continue
            case "-H":
                name, _, value = next(arguments).partition(": ")
                headers[name] = value
            case "-d":
                body = next(arguments)
            case _:
                assert not url
                url = argument.replace("http://127.0.0.1:8080", installation.url)
    async with httpx.AsyncClient() as web:
        answer = await web.request("POST" if body else "GET", url, headers=headers, content=body)
    assert answer.is_success, answer.text
    return answer.json()


def curls(page: Any) -> list[str]:
    lines = [line for block in blocks("sh", page) for line in block.text.splitlines()]
    return [line for line in lines if line.startswith("curl ")]


@asynccontextmanager
async def socket(installation: Installation) -> AsyncIterator[WebSocketConnection]:
    url = f"{installation.stream_url}/v1/stream"
    async with open_websocket_url(url, subprotocols=["gatherup.v1.json"]) as connection:
        yield connection


async def converse(connection: WebSocketConnection, text: str, names: dict[str, str]) -> None:
    """Play one conversation. Between two things the client says, what it gets may come in any order."""
    expected: list[Any] = []
    for speaker, said in [*steps(text), (">", None)]:
        if speaker == "<":
            expected.append(said)
            continue
        while expected:
            got = json.loads(await connection.get_message())
            found = next((e for e in expected if e["t"] == got["t"]), None)
            assert found is not None, f"{got} came, of {expected}"
            compare(found, got, names)
            expected.remove(found)
        if said is not None:
            await connection.send_message(json.dumps(filled(said, names)))


async def test_the_conversation_of_the_readme(installation: Installation) -> None:
    [sign_in] = curls(README)
    names = {"TOKEN": (await curl(installation, sign_in))["access_token"]}
    conversations = blocks("wire", README)
    assert len(conversations) == 2
    for conversation in conversations:
        async with socket(installation) as connection:
            await converse(connection, conversation.text, names)
    assert names.keys() == {"TOKEN", "USER", "ROOM"}


async def test_signing_in_as_the_web_guide_says(installation: Installation) -> None:
    register, login, create, post, read = curls(GUIDES / "web-clients.md")
    made, again = await curl(installation, register), await curl(installation, login)
    assert made["user"] == again["user"]
    async with httpx.AsyncClient(base_url=installation.url) as web:
        me = await web.get("/v1/me", headers={"Authorization": f"Bearer {again['access_token']}"})
        assert me.json()["user"] == made["user"]
        for path in ("/docs", "/openapi.json"):
            assert (await web.get(path)).status_code == 200
    create, post, read = (line.replace("TOKEN", again["access_token"]) for line in (create, post, read))
    room = (await curl(installation, create))["stream"]
    await curl(installation, post.replace("ROOM", room))
    page = await curl(installation, read.replace("ROOM", room))
    assert [message["body"] for message in page["messages"]] == ["Hello"]


async def test_the_sdk_as_the_game_guide_says(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    program, tokens = blocks("python", GUIDES / "game-clients.md")
    names: dict[str, Any] = {}
    exec(compile(program.text, str(program), "exec"), names)
    exec(compile(tokens.text, str(tokens), "exec"), names)
    token = await installation.guest("guide")
    await names["main"](installation.stream_url, token)
    assert capsys.readouterr().out == "['1 member', 'Hello']\n"

    async def fresh() -> str:
        return token

    seen = trio.Event()
    show = names["show"]

    def show_and_tell(status: Any) -> None:
        show(status)
        seen.set()

    names["show"] = show_and_tell
    async with trio.open_nursery() as nursery:
        nursery.start_soon(names["stay"], installation.stream_url, fresh)
        await seen.wait()
        nursery.cancel_scope.cancel()
    assert capsys.readouterr().out.startswith("online on ")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["schema"], ["check-config", "--example"], ["chat", "--help"]]
)
def test_quick_commands_run(arguments: list[str]) -> None:
    done = subprocess.run(
        [str(GATHERUP), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
