"""People: profiles, handles, privacy settings."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from quart import Response

from actors.ports.time import Clock
from gatherup.features.accounts.sign_in_service import good_handle
from gatherup.http.conditional import versioned, wanted_version
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol import limits
from protocol.codes import Code
from protocol.handles import folded
from protocol.http.people import (
    ChangeHandle,
    ChangeProfile,
    OwnProfile,
    Profile,
    ProfilePage,
    Profiles,
    ProfilesQuery,
    SearchQuery,
)
from storage.postgres.accounts.accounts import HandleTakenError
from storage.postgres.people.people import (
    FoundRow,
    NoHandleError,
    OwnProfileRow,
    People,
    ProfileRow,
    TooSoonError,
)

GROUP: Final = "people"
_DAY_MS: Final = 86_400_000
_REST_MS: Final = limits.HANDLE_CHANGE_DAYS * _DAY_MS


class _Found(Struct, frozen=True, array_like=True):
    """The order of a search."""

    folded: str


class PeopleResource:
    """Who users are, and who one is oneself."""

    def __init__(self, people: People, clock: Clock, throttle: Throttle) -> None:
        self._people = people
        self._clock = clock
        self._throttle = throttle
        self._found = Pages(_Found)

    @endpoint("GET", "/v1/users", query=ProfilesQuery, answer=Profiles, group=GROUP)
    async def profiles(self, caller: Caller, query: ProfilesQuery) -> Profiles:
        """Look up the profiles of users by id or handle. An unknown or deleted one is simply absent."""
        if not query.id and not query.handle:
            raise ProblemError(Code.INVALID, "Give at least one id or handle.", field="id")
        found = await self._people.profiles(
            caller.user, query.id, [folded(handle) for handle in query.handle]
        )
        return Profiles(users=[_profile(row) for row in found])

    @endpoint("GET", "/v1/users/search", query=SearchQuery, answer=ProfilePage, group=GROUP)
    async def search(self, caller: Caller, query: SearchQuery) -> ProfilePage:
        """Search users by the beginning of their handle, in upper or lower case."""
        self._throttle.admit(caller.user)
        edge = self._found.edge(query.cursor)
        found = await self._people.search(
            caller.user,
            folded(query.prefix),
            edge=None if edge.beside is None else edge.beside.folded,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._found.page(found, edge, query.limit, _key)
        return ProfilePage(
            users=[_profile(row.profile) for row in page.rows], next=page.next, previous=page.previous
        )

    @endpoint("GET", "/v1/me/profile", answer=OwnProfile, versioned=True, group=GROUP)
    async def own(self, caller: Caller) -> Response:
        """Get one's own profile and settings; 304 if If-None-Match names this version."""
        return _answer(await self._own(caller))

    @endpoint("PATCH", "/v1/me/profile", body=ChangeProfile, answer=OwnProfile, versioned=True, group=GROUP)
    async def change(self, caller: Caller, body: ChangeProfile) -> Response:
        """Change one's profile or settings; with If-Match only if they are unchanged since."""
        self._throttle.admit(caller.user)
        wanted = wanted_version()
        changed = await self._people.change(caller.user, msgspec.structs.asdict(body), revision=wanted)
        if changed is None:
            await self._own(caller)
            raise ProblemError(Code.STALE, field="If-Match")
        return _answer(changed)

    @endpoint(
        "PUT",
        "/v1/me/handle",
        body=ChangeHandle,
        answer=OwnProfile,
        refuses=(Code.HANDLE_TAKEN, Code.FORBIDDEN),
        group=GROUP,
    )
    async def change_handle(self, caller: Caller, body: ChangeHandle) -> Response:
        """Change one's handle; the old one is free at once. A guest gets one by upgrading."""
        self._throttle.admit(caller.user)
        handle = good_handle(body.handle)
        at = self._clock.now()
        try:
            row = await self._people.change_handle(
                caller.user,
                handle,
                at=at,
                rest_ms=_REST_MS,
                from_address=caller.address,
            )
        except HandleTakenError:
            raise ProblemError(Code.HANDLE_TAKEN, field="handle") from None
        except NoHandleError:
            raise ProblemError(Code.FORBIDDEN, "A guest has no handle: upgrade the account first.") from None
        except TooSoonError as error:
            sentence = f"A handle is changed once in {limits.HANDLE_CHANGE_DAYS} days."
            wait_s = (error.changed_at + _REST_MS - at) / 1000
            raise ProblemError(Code.RATE_LIMITED, sentence, field="handle", retry_after_s=wait_s) from None
        return _answer(row)

    async def _own(self, caller: Caller) -> OwnProfileRow:
        row = await self._people.own(caller.user)
        if row is None:
            raise ProblemError(Code.UNAUTHENTICATED)
        return row


def _profile(row: ProfileRow) -> Profile:
    return Profile(
        id=row.user,
        handle=row.handle,
        display_name=row.display_name,
        about=row.about,
        avatar_url=row.avatar_url,
        last_seen_at=row.last_seen_at,
    )


def _key(row: FoundRow) -> _Found:
    return _Found(row.folded)


def _answer(row: OwnProfileRow) -> Response:
    changed_at = row.handle_changed_at
    own = OwnProfile(
        user=row.user,
        handle=row.handle,
        handle_changeable_at=None if changed_at is None else changed_at + _REST_MS,
        display_name=row.display_name,
        about=row.about,
        avatar_url=row.avatar_url,
        direct_from=row.direct_from,
        invites_from=row.invites_from,
        presence_to=row.presence_to,
        last_seen_to=row.last_seen_to,
        admin=row.admin,
    )
    return versioned(own, row.revision)
