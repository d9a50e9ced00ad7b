"""The HTTP API, as far as the chat needs it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import httpx
import msgspec
from msgspec import Struct

from gatherup.client import TokenDeniedError, TokenUnavailableError
from gatherup.randomness import SystemRandomness
from protocol.codes import Code
from protocol.http.accounts.accounts import Refresh, SignedIn, SignInAsGuest
from protocol.http.base import Problem
from protocol.http.people import Profiles
from protocol.http.rooms.messages import Message, MessagePage
from protocol.http.rooms.rooms import RoomPage
from protocol.ids import StreamId
from protocol.room import KIND

HISTORY_MESSAGES: Final = 20
PAGES_MAX: Final = 50
"""Pages of rooms that are searched for a name."""
ROOM_ID: Final = re.compile(rf"^{KIND}:[0-9a-f]{{32}}$")
_LOGIN_ENDED: Final = frozenset({Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED})

A = TypeVar("A", bound=Struct)
Query = Sequence[tuple[str, str]]


class ChatError(Exception):
    """The server didn't do what was asked; the message is for the user. ``code`` is its reason, if it gave one."""

    def __init__(self, message: str, code: Code | None = None) -> None:
        super().__init__(message)
        self.code = code


def _new_retry_key() -> str:
    return SystemRandomness().token(16).hex()


class Account:
    """A signed-in guest, as far as the chat needs the HTTP API."""

    def __init__(self, api: httpx.AsyncClient, name: str, signed_in: SignedIn) -> None:
        self.name = name
        self.user = signed_in.user
        self._api = api
        self._signed_in = signed_in
        self._retry_key = _new_retry_key()
        """Of the refresh token at hand."""
        self._fresh = True

    async def token(self) -> str:
        """An access token for the next session.

        Raises TokenUnavailableError when the server can't give one now, TokenDeniedError when it never will.
        """
        if self._fresh:
            self._fresh = False
            return self._signed_in.access_token
        # A lost answer is asked for again with the same key, at the next attempt to connect.
        body = Refresh(refresh_token=self._signed_in.refresh_token, retry_key=self._retry_key)
        try:
            self._signed_in = await _post(self._api, "/v1/refresh", body, SignedIn)
            self._retry_key = _new_retry_key()
        except ChatError as error:
            if error.code in _LOGIN_ENDED:
                raise TokenDeniedError(f"The login has ended; start again for another. ({error})") from error
            raise TokenUnavailableError(str(error)) from error
        return self._signed_in.access_token

    async def find_room(self, name: str) -> StreamId | None:
        """The id of the oldest public room of this name; whoever looks later finds the same."""
        found: StreamId | None = None
        cursor: Query = ()
        for _ in range(PAGES_MAX):
            page = await self.get("/v1/rooms", [("limit", "200"), *cursor], RoomPage)
            found = next((r.room for r in reversed(page.rooms) if r.name == name), found)
            if page.next is None:
                break
            cursor = [("cursor", page.next)]
        return found

    async def history(self, entered: StreamId, before: int) -> list[Message]:
        """The newest messages before this seq, the oldest of them first."""
        query = [("before", str(before)), ("limit", str(HISTORY_MESSAGES))]
        page = await self.get(f"/v1/rooms/{entered}/messages", query, MessagePage)
        return page.messages

    async def names(self, users: list[str]) -> dict[str, str]:
        """What those of these users that there are call themselves."""
        found = await self.get("/v1/users", [("id", user) for user in users], Profiles)
        return {profile.id: profile.display_name for profile in found.users}

    async def get(self, path: str, query: Query, answer: type[A]) -> A:
        """What the API answers. Raises ChatError."""
        headers = {"Authorization": f"Bearer {self._signed_in.access_token}"}
        try:
            response = await self._api.get(path, params=list(query), headers=headers)
        except httpx.HTTPError as error:
            raise ChatError(f"No answer from {self._api.base_url}: {error}") from None
        return _read(response, answer)


@asynccontextmanager
async def sign_in(url: str, name: str) -> AsyncGenerator[Account, None]:
    """A new guest account of this name. Raises ChatError."""
    async with httpx.AsyncClient(base_url=url, timeout=10.0) as api:
        signed_in = await _post(api, "/v1/guest", SignInAsGuest(display_name=name), SignedIn)
        yield Account(api, name, signed_in)


async def _post(api: httpx.AsyncClient, path: str, body: Struct, answer: type[A]) -> A:
    headers = {"Content-Type": "application/json"}
    try:
        response = await api.post(path, content=msgspec.json.encode(body), headers=headers)
    except httpx.HTTPError as error:
        raise ChatError(f"No answer from {api.base_url}: {error}") from None
    return _read(response, answer)


def _read(response: httpx.Response, answer: type[A]) -> A:
    """The answer's body. Raises ChatError for a problem, or for what isn't GatherUp's."""
    try:
        if response.is_success:
            return msgspec.json.decode(response.content, type=answer)
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        raise ChatError(f"{response.url} answered {response.status_code}, not as GatherUp does") from None
    field = f"{problem.field}: " if problem.field else ""
    raise ChatError(f"{field}{problem.detail}", problem.code)
