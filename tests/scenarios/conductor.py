"""What a scenario's drivers can't do themselves: guests, a bad network, a server that dies. And their histories."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import trio

from gatherup.chaos.proxy import Direction, FaultProxy
from tests.e2e.installation import Installation

Map = dict[str, Any]
_ID = re.compile(r"\b[a-z]+:[0-9a-f]{32}\b")
_CODE = re.compile(r"\b\d+-[0-9a-f]{24}\b")
MEMBERS_A_PAGE = 40
_TIMES = frozenset({"at", "expires_at", "muted_until", "posted_at", "until"})


class Conductor:
    """One server for several drivers of the same scenario; each has people of its own."""

    def __init__(self, installation: Installation, nursery: trio.Nursery, drivers: int) -> None:
        self._installation = installation
        self._nursery = nursery
        self._drivers = drivers
        self._arrived = 0
        self._done = trio.Event()

    def player(self) -> Player:
        """What one driver may ask for."""
        return Player(self, self._installation, self._nursery)

    async def together(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do it once all drivers are here."""
        done = self._done
        self._arrived += 1
        if self._arrived < self._drivers:
            await done.wait()
            return
        self._arrived, self._done = 0, trio.Event()
        await act()
        done.set()


class Player:
    """One driver's people, each behind a network of their own."""

    def __init__(self, conductor: Conductor, installation: Installation, nursery: trio.Nursery) -> None:
        self._conductor = conductor
        self._installation = installation
        self._nursery = nursery
        self._networks: dict[str, FaultProxy] = {}
        self._tokens: dict[str, str] = {}

    async def ask(self, step: Map) -> Map:
        """Carry out a step that is not the driver's.

        ``sign_in`` answers with ``url`` and ``token``, ``members_of`` with ``pages``.
        """
        match step:
            case {"sign_in": name}:
                return await self._sign_in(name)
            case {"crowd": size, "room": room}:
                await self._crowd(size, room)
            case {"members_of": room, "for": name}:
                return {"pages": await self._pages(room, self._tokens[name])}
            case {"network": fault, "of": name}:
                self._disturb(self._networks[name], fault)
            case {"server": "kill"}:
                await self._conductor.together(self._installation.kill)
            case {"server": "start"}:
                await self._conductor.together(self._installation.start)
            case _:
                raise AssertionError(step)
        return {}

    async def _sign_in(self, name: str) -> Map:
        host, _, port = self._installation.stream_url.removeprefix("ws://").partition(":")
        self._networks[name] = network = FaultProxy(host, int(port))
        entry = await self._nursery.start(network.run)
        self._tokens[name] = await self._installation.guest(name)
        return {"url": f"ws://127.0.0.1:{entry}", "token": self._tokens[name]}

    async def _crowd(self, size: int, room: str) -> None:
        async with self._api() as api, trio.open_nursery() as nursery:
            for number in range(size):
                nursery.start_soon(self._join, api, f"guest {number}", room)

    async def _join(self, api: httpx.AsyncClient, name: str, room: str) -> None:
        signed_in = (await api.post("/v1/guest", json={"display_name": name})).raise_for_status().json()
        body = {"client_id": str(uuid.uuid4())}
        token = _bearer(signed_in["access_token"])
        (await api.post(f"/v1/rooms/{room}/join", json=body, headers=token)).raise_for_status()

    async def _pages(self, room: str, token: str) -> list[Map]:
        """A room's members, as one who is in reads them."""
        pages: list[Map] = []
        query: dict[str, Any] = {"limit": MEMBERS_A_PAGE}
        async with self._api() as api:
            while not pages or pages[-1]["next"] is not None:
                answer = await api.get(f"/v1/rooms/{room}/members", params=query, headers=_bearer(token))
                pages.append(answer.raise_for_status().json())
                query["cursor"] = pages[-1]["next"]
        return pages

    def _api(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._installation.url, timeout=60)

    def _disturb(self, network: FaultProxy, fault: str) -> None:
        match fault:
            case "reset":
                network.reset()
            case "hush":
                network.drop({Direction.DOWN})
            case "cut":
                network.cut()
            case "heal":
                network.heal()
            case _:
                raise AssertionError(fault)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def normalised(history: Any, names: dict[str, str]) -> Any:
    """A history in which ids are their names, and times and secrets are no matter.

    ``names`` are a driver's own: what each name of the scenario stood for.
    """
    called = {value: f"${name}" for name, value in names.items() if _ID.fullmatch(str(value))}

    def call(match: re.Match[str]) -> str:
        return called.setdefault(match[0], f"{match[0].partition(':')[0]}-{len(called)}")

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {call_text(name): walk(inner, name) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            walked = [walk(inner) for inner in value]
            # Members who came with one event are listed by their ids, which are other ones in each run.
            return (
                sorted(walked)
                if key == "members" and all(isinstance(each, str) for each in walked)
                else walked
            )
        if isinstance(value, str):
            return call_text(value)
        return "a time" if key in _TIMES and value is not None else value

    def call_text(text: str) -> str:
        return _CODE.sub("a code", _ID.sub(call, text))

    return walk(history)
