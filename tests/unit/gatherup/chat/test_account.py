"""When the chat's login can be renewed, may be later, and is over."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from gatherup.chat.account import Account
from gatherup.client import TokenDeniedError, TokenUnavailableError
from protocol.codes import CODES, Code
from protocol.http.accounts.accounts import SignedIn
from protocol.http.base import Problem


def signed_in(number: int) -> SignedIn:
    return SignedIn(
        user="user:" + "1" * 32,
        access_token=f"access {number}",
        access_expires_at=0,
        refresh_token=f"refresh {number}",
        refresh_expires_at=0,
    )


def refused(code: Code) -> httpx.Response:
    info = CODES[code]
    problem = Problem(type="", title="", status=info.http_status, detail="No.", code=code, retry=info.retry)
    return httpx.Response(info.http_status, content=msgspec.json.encode(problem))


async def token_after(*answers: httpx.Response | Exception) -> str:
    remaining = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        given = remaining.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    async with httpx.AsyncClient(base_url="http://x", transport=httpx.MockTransport(answer)) as api:
        account = Account(api, "ann", signed_in(0))
        assert await account.token() == "access 0"
        return await account.token()


async def test_a_renewed_login() -> None:
    assert await token_after(httpx.Response(200, content=msgspec.json.encode(signed_in(1)))) == "access 1"


@pytest.mark.parametrize("code", [Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED])
async def test_a_login_that_is_over_is_not_tried_again(code: Code) -> None:
    with pytest.raises(TokenDeniedError, match="The login has ended"):
        await token_after(refused(code))


@pytest.mark.parametrize(
    "answer",
    [
        refused(Code.UNAVAILABLE),
        refused(Code.RATE_LIMITED),
        refused(Code.INTERNAL),
        httpx.Response(401, content=b"a proxy's page"),
        httpx.ConnectError("refused"),
    ],
)
async def test_any_other_trouble_may_pass(answer: httpx.Response | Exception) -> None:
    with pytest.raises(TokenUnavailableError):
        await token_after(answer)
