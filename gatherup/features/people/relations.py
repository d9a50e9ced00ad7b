"""Resources of relations between people: blocks, friends and requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from actors.ports.time import Clock
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import user_id
from gatherup.http.paging import Edge, Pages
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol.codes import Code
from protocol.http.people import Friendship, PeoplePage, PeopleQuery, Related, RequestsQuery
from storage.postgres.people.people import PageOf
from storage.postgres.people.relations import Outcome, RelatedRow, Relations

GROUP: Final = "people"
BLOCK: Final = "/v1/me/blocks/<user>"
FRIEND: Final = "/v1/me/friends/<user>"


class Since(Struct, frozen=True, array_like=True):
    """The order of a list of people."""

    at: int
    user: str


class RelationsResource:
    """One's blocks, friends, and requests to be friends."""

    def __init__(
        self, relations: Relations, clock: Clock, throttle: Throttle, wake: Callable[[], None]
    ) -> None:
        self._relations = relations
        self._wake = wake
        self._clock = clock
        self._throttle = throttle
        self._pages = Pages(Since)

    @endpoint("GET", "/v1/me/blocks", query=PeopleQuery, answer=PeoplePage, polled=True, group=GROUP)
    async def blocks(self, caller: Caller, query: PeopleQuery) -> PeoplePage:
        """List the people one has blocked, the newest first."""
        edge = self._pages.edge(query.cursor)
        return self._page(await self._relations.blocks(caller.user, page_of(edge, query.limit)), edge, query)

    @endpoint("PUT", BLOCK, status=204, refuses=(Code.TOO_MANY,), group=GROUP)
    async def block(self, caller: Caller, user: str) -> None:
        """Block a user: no direct rooms, invitations or mentions come from them any more. It ends a friendship."""
        self._throttle.admit(caller.user)
        other = _another(caller, user)
        match await self._relations.block(caller.user, other, self._clock.now()):
            case Outcome.DONE:
                return
            case outcome:
                raise _refused(outcome)

    @endpoint("DELETE", BLOCK, status=204, group=GROUP)
    async def unblock(self, caller: Caller, user: str) -> None:
        """Unblock a user that one has blocked."""
        self._throttle.admit(caller.user)
        await self._relations.unblock(caller.user, user_id(user))

    @endpoint("GET", "/v1/me/friends", query=PeopleQuery, answer=PeoplePage, polled=True, group=GROUP)
    async def friends(self, caller: Caller, query: PeopleQuery) -> PeoplePage:
        """List one's friends, the newest first."""
        edge = self._pages.edge(query.cursor)
        return self._page(await self._relations.friends(caller.user, page_of(edge, query.limit)), edge, query)

    @endpoint(
        "GET", "/v1/me/friend-requests", query=RequestsQuery, answer=PeoplePage, polled=True, group=GROUP
    )
    async def requests(self, caller: Caller, query: RequestsQuery) -> PeoplePage:
        """List the requests to be friends that one got, or those that one sent, the newest first."""
        edge = self._pages.edge(query.cursor)
        sent = query.direction == "sent"
        found = await self._relations.requests(caller.user, page_of(edge, query.limit), sent=sent)
        return self._page(found, edge, query)

    @endpoint("PUT", FRIEND, answer=Friendship, refuses=(Code.BLOCKED, Code.TOO_MANY), group=GROUP)
    async def befriend(self, caller: Caller, user: str) -> Friendship:
        """Ask a user to be friends, or accept the user's request. They find it in their inbox."""
        self._throttle.admit(caller.user)
        other = _another(caller, user)
        match await self._relations.befriend(caller.user, other, self._clock.now()):
            case Outcome.ASKED:
                state = "asked"
            case Outcome.FRIENDS:
                state = "friends"
            case outcome:
                raise _refused(outcome)
        self._wake()
        return Friendship(state=state)

    @endpoint("DELETE", FRIEND, status=204, group=GROUP)
    async def part(self, caller: Caller, user: str) -> None:
        """End a friendship, decline a user's request, or take one's own request back."""
        self._throttle.admit(caller.user)
        await self._relations.part(caller.user, user_id(user))

    def _page(self, found: Sequence[RelatedRow], edge: Edge[Since], query: PeopleQuery) -> PeoplePage:
        page = self._pages.page(found, edge, query.limit, lambda row: Since(row.at, row.user))
        people = [Related(user=row.user, at=row.at) for row in page.rows]
        return PeoplePage(people=people, next=page.next, previous=page.previous)


def page_of(edge: Edge[Since], limit: int) -> PageOf:
    """What to read for a page: one more than it holds, which tells whether there are more. Raises ProblemError."""
    key = edge.beside
    if key is None:
        return PageOf(limit=limit + 1)
    return PageOf(edge=(key.at, user_id(key.user)), back=edge.back, limit=limit + 1)


def _another(caller: Caller, user: str) -> str:
    if user == caller.user:
        raise ProblemError(Code.INVALID, "Choose another person.", field="user")
    return user_id(user)


def _refused(outcome: Outcome) -> ProblemError:
    match outcome:
        case Outcome.BLOCKED:
            return ProblemError(Code.BLOCKED)
        case Outcome.BLOCKING:
            return ProblemError(Code.BLOCKED, "You have blocked this person: unblock them first.")
        case Outcome.TOO_MANY:
            return ProblemError(Code.TOO_MANY)
        case _:
            return ProblemError(Code.NOT_FOUND)
