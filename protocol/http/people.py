"""People: profiles, handles, privacy, blocks and friends."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.http.accounts.accounts import DisplayName, GivenPassword, Handle
from protocol.http.base import Answer, Cursor, Limit, RequestBody
from protocol.ids import UserId
from protocol.text import LINES, NO_NUL

About = Annotated[str, Meta(max_length=limits.ABOUT_CHARS_MAX, pattern=NO_NUL, extra=LINES)]
AvatarUrl = Annotated[
    str,
    Meta(
        max_length=limits.AVATAR_URL_CHARS_MAX,
        pattern=r"^(https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[!-;=?-\[\]_a-z~%]*)?)?$(?!\n)",
        description="an https URL, which only clients fetch; empty for none",
    ),
]
Audience = Literal["everyone", "friends", "nobody"]


class Profile(Answer, frozen=True, kw_only=True):
    """A user, as everybody who is signed in sees them."""

    id: UserId
    handle: str | None
    """None for a guest."""
    display_name: str
    about: str = ""
    avatar_url: str | None = None
    last_seen_at: int | None = None
    """When they were here last, Unix milliseconds; None if they never were, or don't let one know."""


class ProfilesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose profiles: each parameter stands once for each user. At least one, and PROFILES_MAX of either."""

    id: Annotated[list[UserId], Meta(max_length=limits.PROFILES_MAX)] = []
    handle: Annotated[
        list[Annotated[str, Meta(max_length=limits.HANDLE_CHARS_MAX, pattern=NO_NUL)]],
        Meta(max_length=limits.PROFILES_MAX),
    ] = []


class Profiles(Answer, frozen=True, kw_only=True):
    """The profiles of those users asked for who exist, each once, in no particular order."""

    users: list[Profile]


class SearchQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which handles to search for: those that begin with this text."""

    prefix: Annotated[str, Meta(min_length=2, max_length=limits.HANDLE_CHARS_MAX, pattern=NO_NUL)]
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class ProfilePage(Answer, frozen=True, kw_only=True):
    """Users, in the order of their handles."""

    users: list[Profile]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class OwnProfile(Answer, frozen=True, kw_only=True):
    """One's own profile and privacy settings. The answer's ETag names this version of them."""

    user: UserId
    handle: str | None
    handle_changeable_at: int | None
    """When the handle may be changed again, Unix milliseconds; None: now, or never for a guest."""
    display_name: str
    about: str
    avatar_url: str | None
    direct_from: Audience
    """Who may open a direct room with one."""
    invites_from: Audience
    """Who may invite one to rooms."""
    presence_to: Audience
    """Who sees whether one is here."""
    last_seen_to: Audience
    """Who sees when one was here last."""
    admin: bool


class ChangeProfile(RequestBody, frozen=True, kw_only=True):
    """Change one's profile; what is None stays as it is. With If-Match only if the profile is still that version."""

    display_name: DisplayName | None = None
    about: About | None = None
    avatar_url: AvatarUrl | None = None
    """Empty for none."""
    direct_from: Audience | None = None
    invites_from: Audience | None = None
    presence_to: Audience | None = None
    last_seen_to: Audience | None = None


class ChangeHandle(RequestBody, frozen=True, kw_only=True):
    """Take another handle; the old one is free at once. Once in HANDLE_CHANGE_DAYS."""

    handle: Handle


class DeleteAccount(RequestBody, frozen=True, kw_only=True):
    """Delete one's account. One without a password can be deleted for FRESH_LOGIN_S after signing in."""

    password: GivenPassword | None = None


class AccountDeleted(Answer, frozen=True, kw_only=True):
    """Nobody sees the account any more; signing in before it is erased keeps it."""

    erased_at: int
    """Unix milliseconds."""


class PeopleQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list of people."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class RequestsQuery(PeopleQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the requests to be friends."""

    direction: Literal["received", "sent"] = "received"


class Related(Struct, frozen=True, kw_only=True):
    """A user that is blocked, a friend, or asked to be one; and since when."""

    user: UserId
    at: int
    """Unix milliseconds."""


class PeoplePage(Answer, frozen=True, kw_only=True):
    """People, the newest first. Their profiles are a request of their own."""

    people: list[Related]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class Friendship(Answer, frozen=True, kw_only=True):
    """How the user and the other person stand to each other now."""

    state: Literal["asked", "friends"]
