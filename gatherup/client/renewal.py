"""When a session's token is replaced by a newer one. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

from gatherup.client.actions import Action, FetchToken, Send
from gatherup.client.policy import Policy
from protocol.frames import Accepted, RefreshToken, Refused, Unknown, Welcome


class Renewal:
    """The token of one session at a time; one that can't be renewed is used until it expires."""

    def __init__(self, policy: Policy, renewable: bool, new_client_id: Callable[[], str]) -> None:
        self._policy = policy
        self._renewable = renewable
        self._new_client_id = new_client_id
        self._life_s = 0.0
        self._due_at = math.inf
        self._request: str | None = None

    def opened(self, welcome: Welcome, now: float) -> None:
        """A session began. The server's own two times tell the token's life, so no wall clock is needed here."""
        self._life_s = max(0.0, (welcome.token_expires_at - welcome.at) / 1000)
        self._plan(now)

    def lost(self) -> None:
        """The session is gone."""
        self._due_at, self._request = math.inf, None

    def fetched(self, token: str | None, now: float) -> list[Action]:
        """The newer token that FetchToken asked for; None if there is none yet."""
        if token is None:
            self._due_at = now + self._policy.backoff_max_s
            return []
        self._request = self._new_client_id()
        return [Send(RefreshToken(client_id=self._request, token=token))]

    def replied(self, reply: Accepted | Refused | Unknown, now: float) -> list[Action] | None:
        """A reply to our own question; None if it is none.

        A newer token is taken to live as long. If it was refused, the next one is tried as late, and at worst the
        server closes with ``token_expired``, which brings us back with a fresh one.
        """
        if self._request is None or reply.client_id != self._request:
            return None
        self._request = None
        self._plan(now)
        return []

    def elapsed(self, now: float) -> list[Action]:
        """Ask for a newer token when it is due."""
        if now < self._due_at:
            return []
        self._due_at = math.inf
        return [FetchToken()]

    def deadline(self) -> float:
        """When ``elapsed`` has something to do."""
        return self._due_at

    def _plan(self, now: float) -> None:
        if self._renewable:
            wait_s = self._life_s * self._policy.token_refresh_fraction
            self._due_at = now + max(self._policy.backoff_min_s, wait_s)
