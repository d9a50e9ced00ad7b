"""What the SDK raises. The three replies stay apart: accepted is returned, refused and unknown are raised."""

from __future__ import annotations

from protocol.codes import Code
from protocol.frames import Refused


class ClientError(Exception):
    """Base of everything the SDK raises to its user."""


class RefusedError(ClientError):
    """The command certainly changed nothing.

    ``code`` is stable, to switch on; ``message`` is a sentence; ``field`` names what was wrong, if one field was;
    ``retry`` tells whether the same command can succeed later as it is, ``retry_after_s`` when.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        field: str | None = None,
        retry: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field
        self.retry = retry
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, reply: Refused) -> RefusedError:
        """The refusal a server sent."""
        return cls(
            reply.code, reply.message, field=reply.field, retry=reply.retry, retry_after_s=reply.retry_after_s
        )


class UnknownOutcomeError(ClientError):
    """The command was sent and may or may not have taken effect; the SDK no longer asks.

    Sending the same command object again (same ``client_id``, ``resend=True``) is safe.
    """

    def __init__(self, client_id: str) -> None:
        super().__init__(f"the outcome of {client_id} isn't known")
        self.client_id = client_id


class ClosedError(ClientError):
    """The client is closed and doesn't come back by itself; what raised this certainly changed nothing.

    ``code`` is the close code (``protocol.codes.CloseCode``), 1000 when the user closed it.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"closed with {code}: {message}")
        self.code = code
        self.message = message


class TokenUnavailableError(Exception):
    """Raised by a token provider that has no token just now: the SDK asks again after its back-off."""


class TokenDeniedError(Exception):
    """Raised by a token provider that will never have a token again: the client closes, with its message."""


class ConnectionLostError(Exception):
    """Raised by a connection: it could not be made or is gone. ``code`` is the close code if there was one."""

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        super().__init__(f"{code or 'no close code'} {reason}".strip())
        self.code = code
        self.reason = reason
