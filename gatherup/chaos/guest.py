"""Guests: how the clients of a run get in, and where they connect."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from typing import Final

import httpx
import msgspec
import trio
from msgspec import Struct
from typing_extensions import override

from gatherup.client import ConnectionLostError, TokenUnavailableError
from gatherup.client.ports import Connection, Connector
from gatherup.client.transport import WebSocketConnector
from protocol.http.accounts.accounts import Refresh, SignedIn, SignInAsGuest

TOKEN_SPARE_S: Final = 60.0
"""A token this close to its end is renewed."""
SIGN_IN_FOR_S: Final = 60.0
SIGN_IN_PAUSE_S: Final = 0.3


class _Claims(Struct):
    """What an access token says of its life, in Unix seconds of the server's clock."""

    iat: int
    exp: int


def _life_s(token: str) -> float:
    """How long a token works after it was made."""
    part = token.split(".")[1]
    claims = msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Claims)
    return claims.exp - claims.iat


class Endpoint(Struct, frozen=True):
    """Where a node is: its URLs now, or None while it has none."""

    name: str
    http: Callable[[], str | None]
    stream: Callable[[], str | None]


class Roaming(Connector):
    """A connector that uses the given endpoints in turn."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = endpoints
        self._next = 0

    @override
    async def connect(self, nursery: trio.Nursery) -> Connection:
        url = self._endpoints[self._next % len(self._endpoints)].stream()
        self._next += 1
        if url is None:
            raise ConnectionLostError(None, "the node isn't there")
        return await WebSocketConnector(url).connect(nursery)


class Guest:
    """A guest's login: signed in once, its token renewed when it has to be."""

    def __init__(self, name: str, endpoints: Sequence[Endpoint], api: httpx.AsyncClient) -> None:
        self.name = name
        self._endpoints = endpoints
        self._api = api
        self._signed_in: SignedIn | None = None
        self._retry_key = ""
        """Of the refresh token at hand."""
        self._renew_at = 0.0

    async def sign_in(self) -> None:
        """Try every node until one takes us. Raises TokenUnavailableError."""
        with trio.move_on_after(SIGN_IN_FOR_S):
            while True:
                for endpoint in self._endpoints:
                    if await self._ask(endpoint, "/v1/guest", SignInAsGuest(display_name=self.name)):
                        return
                await trio.sleep(SIGN_IN_PAUSE_S)
        tried = ", ".join(endpoint.http() or endpoint.name for endpoint in self._endpoints)
        raise TokenUnavailableError(f"Nobody could sign in within {SIGN_IN_FOR_S:.0f} s at {tried}.")

    async def token(self) -> str:
        """Get a token that hasn't expired. Raises TokenUnavailableError."""
        assert self._signed_in is not None
        if trio.current_time() < self._renew_at:
            return self._signed_in.access_token
        # The same key at every node: whichever took the token, and lost its answer, knows it again.
        body = Refresh(refresh_token=self._signed_in.refresh_token, retry_key=self._retry_key)
        for endpoint in self._endpoints:
            if await self._ask(endpoint, "/v1/refresh", body):
                return self._signed_in.access_token
        raise TokenUnavailableError("no node renews the token")

    async def _ask(self, endpoint: Endpoint, path: str, body: Struct) -> bool:
        if (url := endpoint.http()) is None:
            return False
        try:
            answer = await self._api.post(
                url + path, content=msgspec.json.encode(body), headers={"Content-Type": "application/json"}
            )
        except httpx.TransportError:
            return False
        if not answer.is_success:
            return False
        self._signed_in = msgspec.json.decode(answer.content, type=SignedIn)
        self._retry_key = secrets.token_hex(16)
        self._renew_at = trio.current_time() + _life_s(self._signed_in.access_token) - TOKEN_SPARE_S
        return True
