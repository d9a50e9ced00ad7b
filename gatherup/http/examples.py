"""An example of every body and answer, made from their types, so that none can be missing or out of date.

A field's example is the one its type names, else its default, else what ``WORDS`` has for fields of that name.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, inspect

from protocol.codes import Code

AT: Final = 1_767_225_600_000
"""Unix milliseconds."""
HEX: Final = "5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"
LEFT_OUT: Final = frozenset(
    {
        "cursor",
        "degraded",
        "edited_at",
        "expires_at",
        "failing_since",
        "field",
        "invite",
        "last_error",
        "muted_until",
        "peer",
        "reason",
        "reply_to",
        "restorable_until",
        "revoked_at",
        "thread",
        "ticket",
        "until",
    }
)
"""Fields that would seldom be there together with the others: None, where they may be."""
WORDS: Final[dict[str, Any]] = {
    "access": "public",
    "about": "Plays support.",
    "act": "account.banned",
    "authorize_url": "https://id.example.org/authorize?client_id=gatherup&state=kT0v",
    "avatar_url": "https://example.org/ann.png",
    "by": "user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11",
    "body": "gg, well played @ben",
    "choice": "ancient",
    "code": "123456",
    "decision": "Their client has crashed.",
    "description": "A cup for everybody, every Friday.",
    "detail": "The room is in slow mode: wait, then try again.",
    "device": "Ann's phone",
    "display_name": "Ann",
    "draw": "8126543210987654321",
    "email": "ann@example.org",
    "error": "The answer came too late.",
    "evidence": "https://example.org/final-board.png",
    "external_id": "player-4711",
    "field": "body",
    "file": "012 Spring open\r\nXXR 5\r\n",
    "from_address": "192.0.2.7",
    "failures": 0,
    "game": "chess",
    "games": "chess",
    "ground": "spam",
    "handle": "ann_of_arc",
    "hosts": "example.org",
    "identities": "example",
    "key": "chess",
    "last_place": "192.0.2.7",
    "matter": "signed_in",
    "name": "Duelists",
    "new": "correct horse battery staple",
    "note": "Advertises cheats.",
    "old": "a wrong horse",
    "on": "user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11",
    "path": "/v1/calendars/q3CzB0yO4GfWc1nUo7vXk2eRt5pLs8dMhJ9aIuYbTgE/calendar.ics",
    "password": "correct horse battery staple",
    "place": "192.0.2.7",
    "platform": "web",
    "pool": "ancient",
    "prefix": "ann",
    "reaction": "👍",
    "reason": "Spam, again.",
    "redirect_uri": "https://play.example.org/signed-in",
    "region": "europe",
    "rrule": "FREQ=WEEKLY;BYDAY=SA",
    "scopes": "rooms.create",
    "secret": "JBSWY3DPEHPK3PXP",
    "sentence": "Entrant 3 has won match 5.",
    "start": "2026-12-05T20:00",
    "state": "kT0v",
    "tags": "europe",
    "timezone": "Europe/Berlin",
    "title": "Example",
    "topic": "Duels, every evening at eight",
    "type": "room.posted",
    "status": 429,
    "types": "room.posted",
    "uri": "otpauth://totp/GatherUp:ann?secret=JBSWY3DPEHPK3PXP&issuer=GatherUp",
    "url": "https://game.example.org/hooks",
    "words": "cheats",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
"""What strings of these names may hold; those of no such name get a text that looks like a token."""
TOKEN: Final = "q3CzB0yO4GfWc1nUo7vXk2eRt5pLs8dMhJ9aIuYbTgE"  # noqa: S105 - nobody's


def example_of(kind: type[Struct]) -> Any:
    """An example of this type, as JSON."""
    return _of(inspect.type_info(kind), "")


def _of(kind: inspect.Type, name: str) -> Any:
    match kind:
        case inspect.Metadata():
            further: dict[str, Any] = cast("Any", kind).extra_json_schema or dict[str, Any]()
            return further["examples"][0] if "examples" in further else _of(kind.type, name)
        case inspect.StructType():
            return {
                field.encode_name: value
                for field in kind.fields
                if (value := _of_field(field)) is not None or field.required
            }
        case inspect.UnionType():
            if kind.includes_none and name in LEFT_OUT:
                return None
            return _of(next(part for part in kind.types if not isinstance(part, inspect.NoneType)), name)
        case inspect.ListType() | inspect.VarTupleType():
            return [_of(kind.item_type, name)] * max(1, kind.min_length or 1)
        case inspect.DictType():
            return {}
        case inspect.LiteralType():
            return WORDS[name] if WORDS.get(name) in kind.values else kind.values[0]
        case inspect.EnumType():
            return Code.SLOW_MODE.value if kind.cls is Code else next(iter(kind.cls)).value
        case inspect.BoolType():
            return False
        case inspect.IntType():
            return _number(kind, name)
        case inspect.FloatType():
            return 1.5
        case inspect.StrType():
            return _text(kind, name)
        case inspect.BytesType():
            return b64encode(WORDS[name].encode()).decode()
        case _:
            return None


def _of_field(field: inspect.Field) -> Any:
    """Its example; a default that says something goes before one that is made up."""
    default = None if field.default is msgspec.NODEFAULT else msgspec.to_builtins(field.default)
    return default or _of(field.type, field.name)


def _number(kind: inspect.IntType, name: str) -> int:
    if name in {"at", "until"} or name.endswith(("_at", "_until", "_since")):
        return AT
    word = WORDS.get(name)
    number = word if isinstance(word, int) else 42
    if kind.le is not None:
        number = min(number, kind.le)
    if kind.lt is not None:
        number = min(number, kind.lt - 1)
    return max(kind.ge or 0, number)


def _text(kind: inspect.StrType, name: str) -> str:
    if kind.pattern is not None and kind.pattern.startswith("^[0-9a-f]{32}"):
        return HEX
    return WORDS.get(name) or TOKEN
