"""The endpoints about accounts on a real database, without the rest of a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

import httpx
import msgspec
import psycopg
import pytest
import trio
from quart_trio import QuartTrio

from actors.limiting.rate_limit import Rate
from actors.session.logins import LoginReader
from gatherup.auth.keys import KeyRing
from gatherup.auth.tokens import access_tokens
from gatherup.clock import SystemClock
from gatherup.config import Config
from gatherup.features.accounts.parts import account_parts
from gatherup.http.cors import Cors
from gatherup.http.gate import Gate, Throttles
from gatherup.http.live import LiveLogins
from gatherup.http.server import create_app
from gatherup.http.throttle import Throttle
from gatherup.offloop.pool import OffLoop
from gatherup.origins import Origins
from gatherup.randomness import SystemRandomness
from storage.postgres.accounts.logins import PostgresLogins
from storage.postgres.driver.pool import Pool
from storage.postgres.integrations.keys import ApiKeys
from tests.integration.gatherup.features.accounts.issuer import LocalIssuer
from tests.integration.gatherup.features.accounts.mailbox import Mailbox
from tests.integration.site import settings
from tests.off_loop import off_loop
from tests.tls import NO_TLS

ANN = {"handle": "Ann", "password": "correct horse battery"}
SIGN_IN = {"name": "Ann", "password": "correct horse battery"}
HANG_S = 60


class MovedClock(SystemClock):
    """The real time, and what a test adds to it."""

    ahead_s = 0

    def __init__(self) -> None:
        self.sleeps_s: list[float] = []

    def now(self) -> int:
        return super().now() + self.ahead_s * 1000

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s

    async def sleep_until(self, monotonic: float) -> None:
        self.sleeps_s.append(monotonic - self.monotonic())
        await super().sleep_until(monotonic - self.ahead_s)


class Someone:
    """A client somewhere, signed in or not."""

    def __init__(self, http: httpx.AsyncClient, signed_in: dict[str, Any] | None = None) -> None:
        self.http = http
        self.signed_in = signed_in or {}

    async def send(self, method: str, path: str, **body: Any) -> httpx.Response:
        token = self.signed_in.get("access_token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(method, path, json=body, headers=headers)

    async def get(self, path: str) -> Any:
        token = self.signed_in["access_token"]
        answer = await self.http.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()


class Desk:
    """The endpoints, their clock, what they mailed and what they enqueued."""

    def __init__(self, app: QuartTrio, dsn: str, clock: MovedClock) -> None:
        self.app = app
        self.dsn = dsn
        self.clock = clock
        self.mailbox = Mailbox(dsn)
        self.woken = 0
        self._open: list[httpx.AsyncClient] = []
        self.http = self.someone().http

    def someone(self, signed_in: dict[str, Any] | None = None, *, address: str = "10.0.0.1") -> Someone:
        transport = httpx.ASGITransport(app=cast(Any, self.app), client=(address, 1234))
        client = httpx.AsyncClient(transport=transport, base_url="http://desk", verify=NO_TLS, timeout=HANG_S)
        self._open.append(client)
        return Someone(client, signed_in)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(path, json=body)

    async def registered(self, **changes: Any) -> Someone:
        answer = await self.post("/v1/register", **{**ANN, **changes})
        assert answer.status_code == 201, answer.text
        return self.someone(answer.json())

    async def signed_in(self, **changes: Any) -> Someone:
        answer = await self.post("/v1/login", **{**SIGN_IN, **changes})
        assert answer.status_code == 200, answer.text
        return self.someone(answer.json())

    async def guest(self) -> Someone:
        answer = await self.post("/v1/guest", display_name="Guest")
        assert answer.status_code == 201, answer.text
        return self.someone(answer.json())

    async def with_email(self, email: str = "ann@example.org", **changes: Any) -> Someone:
        """Somebody registered whose address is verified."""
        someone = await self.registered(email=email, **changes)
        verified = await self.post("/v1/email/verify", code=self.mailbox.code("verify_email"))
        assert verified.status_code == 204, verified.text
        return someone

    def outbox(self) -> list[dict[str, Any]]:
        """The commands for inboxes in the outbox, not looked at yet."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            found = connection.execute("delete from owed_command returning command").fetchall()
        return [msgspec.msgpack.decode(command) for (command,) in found]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def acts(self) -> list[str]:
        return [act for (act,) in self.rows("select act from audit_log order by id")]

    async def aclose(self) -> None:
        for client in self._open:
            await client.aclose()


def app_of(config: Config, pool: Pool, processes: OffLoop, clock: MovedClock, desks: list[Desk]) -> QuartTrio:
    def wake() -> None:
        desks[0].woken += 1

    tokens = access_tokens(config)
    parts = account_parts(config, pool, processes, tokens, clock, SystemRandomness(), wake)
    endless = Throttle(clock, Rate(1e6, 1e6), keys_max=100)
    gate = Gate(
        tokens,
        LiveLogins(LoginReader(PostgresLogins(pool, clock), clock), clock),
        clock,
        Throttles(endless, endless, endless),
        keys=KeyRing(ApiKeys(pool), clock),
        proxy_hops=0,
    )
    return create_app(gate, Counter(), Cors(Origins(None)), *parts.resources)


@pytest.fixture(scope="session")
def processes() -> Iterator[OffLoop]:
    """Where passwords are hashed; starting one for each test would take longer than most tests."""
    with off_loop() as pool:
        yield pool


@pytest.fixture
async def desk(postgres_dsn: str, processes: OffLoop, request: pytest.FixtureRequest) -> AsyncGenerator[Desk]:
    changes: dict[str, str] = getattr(request, "param", {})
    if "issuer" in request.fixturenames:
        changes = {**changes, "GATHERUP_AUTH_OIDC_PROVIDERS": request.getfixturevalue("issuer").setting()}
    clock, desks = MovedClock(), list[Desk]()
    with trio.fail_after(HANG_S):
        async with Pool(postgres_dsn, autocommit=True) as pool:
            app = app_of(settings(postgres_dsn, **changes), pool, processes, clock, desks)
            desk = Desk(app, postgres_dsn, clock)
            desks.append(desk)
            try:
                yield desk
            finally:
                await desk.aclose()


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    issuer = LocalIssuer()
    yield issuer
    issuer.close()
