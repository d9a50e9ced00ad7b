"""Every refusal and every close code, with what a client should do about it.

An error code is a stable word; clients switch on it and never on the sentence. ``retry`` tells whether the
same command can succeed later without change. Close codes keep two ranges, so that a client that doesn't know
a code still does the right thing: 4000-4099 *come back and resume*, 4100-4199 *don't, something must change*.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum, unique
from typing import Final

from msgspec import Struct


@unique
class Code(StrEnum):
    """Why a command, a subscribe or an HTTP request was refused."""

    INVALID = "invalid"
    UNKNOWN_TYPE = "unknown_type"
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token_expired"
    WRONG_CREDENTIALS = "wrong_credentials"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    NOT_A_MEMBER = "not_a_member"
    CLIENT_ID_REUSED = "client_id_reused"
    ALREADY_EXISTS = "already_exists"
    HANDLE_TAKEN = "handle_taken"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNSTORABLE = "unstorable"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    INTERNAL = "internal"
    ARCHIVED = "archived"
    WRONG_PHASE = "wrong_phase"
    TOO_FEW = "too_few"
    CONFIRM_NEEDED = "confirm_needed"
    MUTED = "muted"
    BANNED = "banned"
    BLOCKED = "blocked"
    FILTERED = "filtered"
    INVITE_INVALID = "invite_invalid"
    CODE_INVALID = "code_invalid"
    SECOND_FACTOR_NEEDED = "second_factor_needed"
    EMAIL_UNVERIFIED = "email_unverified"
    EMAIL_TAKEN = "email_taken"
    STALE = "stale"
    HOOK_REFUSED = "hook_refused"
    SLOW_MODE = "slow_mode"
    LOCKED_OUT = "locked_out"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    UNKNOWN_OUTCOME = "unknown_outcome"

    @classmethod
    def _missing_(cls, value: object) -> Code | None:
        """Keep a code of a later version as it came, so that an older client can still read the refusal.

        It equals its own word, and no member; what to do then stands in the refusal's ``retry``.
        """
        if not isinstance(value, str):
            return None
        later = str.__new__(cls, value)
        later._name_ = later._value_ = value
        return later


class CodeInfo(Struct, frozen=True):
    """What a code means: may it be retried, its HTTP status, its default sentence."""

    retry: bool
    http_status: int
    sentence: str


CODES: Final[dict[Code, CodeInfo]] = {
    Code.INVALID: CodeInfo(False, 422, "A field has a value that isn't allowed."),
    Code.UNKNOWN_TYPE: CodeInfo(False, 422, "There is no such message type."),
    Code.UNAUTHENTICATED: CodeInfo(False, 401, "The token is missing or not valid."),
    Code.TOKEN_EXPIRED: CodeInfo(False, 401, "The token has expired: get a new one and try again."),
    Code.WRONG_CREDENTIALS: CodeInfo(False, 401, "The name or the password is wrong."),
    Code.FORBIDDEN: CodeInfo(False, 403, "You don't have the right to do this."),
    Code.NOT_FOUND: CodeInfo(False, 404, "It doesn't exist, or you may not see it."),
    Code.NOT_A_MEMBER: CodeInfo(False, 403, "Only members can do this."),
    Code.CLIENT_ID_REUSED: CodeInfo(False, 409, "This client_id was used for another command."),
    Code.ALREADY_EXISTS: CodeInfo(False, 409, "It is already set."),
    Code.HANDLE_TAKEN: CodeInfo(False, 409, "This handle is taken."),
    Code.TOO_LARGE: CodeInfo(False, 413, "The message is too large."),
    Code.TOO_MANY: CodeInfo(False, 409, "The limit on how many there may be has been reached."),
    Code.UNSTORABLE: CodeInfo(False, 422, "The content can't be stored."),
    Code.UNSUPPORTED_MEDIA_TYPE: CodeInfo(False, 415, "The request body must be JSON."),
    Code.METHOD_NOT_ALLOWED: CodeInfo(False, 405, "This method isn't allowed here."),
    Code.INTERNAL: CodeInfo(False, 500, "The server failed on this command; nothing was changed."),
    Code.ARCHIVED: CodeInfo(False, 409, "The room is archived: it can only be read."),
    Code.WRONG_PHASE: CodeInfo(False, 409, "This can't be done in the phase that it is in."),
    Code.TOO_FEW: CodeInfo(False, 409, "There are too few for this."),
    Code.CONFIRM_NEEDED: CodeInfo(False, 409, "This reveals or voids more than it names: confirm it."),
    Code.MUTED: CodeInfo(True, 403, "You are muted here for a while."),
    Code.BANNED: CodeInfo(False, 403, "You are banned here."),
    Code.BLOCKED: CodeInfo(False, 403, "This person doesn't accept this from you."),
    Code.FILTERED: CodeInfo(False, 422, "The room's filter doesn't allow this."),
    Code.INVITE_INVALID: CodeInfo(False, 404, "The invite is wrong, used up or expired."),
    Code.CODE_INVALID: CodeInfo(False, 403, "The code is wrong, has been used or has expired."),
    Code.SECOND_FACTOR_NEEDED: CodeInfo(False, 401, "Sign in again with a code of your second factor."),
    Code.EMAIL_UNVERIFIED: CodeInfo(False, 403, "Verify your e-mail address first."),
    Code.EMAIL_TAKEN: CodeInfo(False, 409, "Another account has this e-mail address."),
    Code.STALE: CodeInfo(False, 412, "It has changed since you read it: read it again."),
    Code.HOOK_REFUSED: CodeInfo(False, 403, "A rule of this community forbids this."),
    Code.SLOW_MODE: CodeInfo(True, 429, "The room is in slow mode: wait, then try again."),
    Code.LOCKED_OUT: CodeInfo(True, 429, "Too many wrong attempts: wait, then try again."),
    Code.RATE_LIMITED: CodeInfo(True, 429, "Too many requests: wait, then try again."),
    Code.OVERLOADED: CodeInfo(True, 503, "The server is too busy: wait, then try again."),
    Code.UNAVAILABLE: CodeInfo(True, 503, "The server can't do this now: wait, then try again."),
    Code.UNKNOWN_OUTCOME: CodeInfo(
        True, 504, "Nobody knows whether this took effect: send it again with the same client_id."
    ),
}


@unique
class CloseCode(IntEnum):
    """Why a socket was closed by the server. The standard codes keep their RFC 6455 meaning."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    TOO_BIG = 1009

    # 4000-4099: come back and resume
    GOING_AWAY = 4000
    SLOW_READER = 4001
    IDLE = 4002
    INTERNAL = 4003
    TOKEN_EXPIRED = 4004
    TOO_MANY_SESSIONS = 4005

    # 4100-4199: don't come back without a change
    BAD_FRAME = 4100
    HELLO_EXPECTED = 4101
    HELLO_TIMEOUT = 4102
    UNAUTHENTICATED = 4103
    UNSUPPORTED_PROTOCOL = 4104
    FLOODING = 4106
    REVOKED = 4107


CLOSE_SENTENCES: Final[dict[CloseCode, str]] = {
    CloseCode.NORMAL: "Goodbye.",
    CloseCode.PROTOCOL_ERROR: "The bytes aren't valid WebSocket frames.",
    CloseCode.UNSUPPORTED_DATA: "Send binary frames for msgpack and text frames for json.",
    CloseCode.INVALID_TEXT: "The text isn't valid UTF-8.",
    CloseCode.TOO_BIG: "The message is too large.",
    CloseCode.GOING_AWAY: "The server is going away: reconnect and resume.",
    CloseCode.SLOW_READER: "The client read too slowly: reconnect and resume.",
    CloseCode.IDLE: "The client was silent for too long: reconnect and resume.",
    CloseCode.INTERNAL: "The server failed on this connection: reconnect and resume.",
    CloseCode.TOKEN_EXPIRED: "The token has expired: get a new one, reconnect and resume.",
    CloseCode.TOO_MANY_SESSIONS: "This user has too many open connections: reconnect later.",
    CloseCode.BAD_FRAME: "The message can't be decoded.",
    CloseCode.HELLO_EXPECTED: "The first message must be a hello.",
    CloseCode.HELLO_TIMEOUT: "The hello didn't come in time.",
    CloseCode.UNAUTHENTICATED: "The token isn't valid.",
    CloseCode.UNSUPPORTED_PROTOCOL: "The server doesn't support this protocol version.",
    CloseCode.FLOODING: "The client sent too many pings or messages.",
    CloseCode.REVOKED: "The login was ended.",
}


def may_come_back(code: int) -> bool:
    """Whether a client should reconnect by itself after this close code.

    Unknown codes below 4100 count as transport trouble: yes. 1002, 1003, 1007, 1009: the client's own fault.
    """
    return not 4100 <= code <= 4199 and code not in (
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_TEXT,
        CloseCode.TOO_BIG,
    )
