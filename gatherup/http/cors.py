"""Which pages may read what the facade answers to a browser (CORS). No cookie is read, so none is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quart import Quart, Response, request

METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT: Final = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent"
"""Request headers that pages may set."""
TOLD: Final = "ETag, Location, Retry-After, traceparent"
"""Response headers that pages may read."""
PREFLIGHT_MAX_AGE_S: Final = 600


class Cors:
    """Tells browsers what pages of these origins may do; of any origin, if None."""

    def __init__(self, allowed_origins: Sequence[str] | None) -> None:
        self._allowed = allowed_origins

    def serve(self, app: Quart) -> None:
        """Answer preflights, and mark every answer, problems included."""
        app.before_request(self._preflight)
        app.after_request(self._mark)

    async def _preflight(self) -> Response | None:
        """Answered here: no endpoint takes OPTIONS."""
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        response = Response(b"", 204)
        if self._allows(request.headers.get("Origin")):
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = SENT
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
        return response

    async def _mark(self, response: Response) -> Response:
        if self._allowed is not None:
            response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is not None and self._allows(origin):
            response.headers["Access-Control-Allow-Origin"] = "*" if self._allowed is None else origin
            response.headers["Access-Control-Expose-Headers"] = TOLD
        return response

    def _allows(self, origin: str | None) -> bool:
        return origin is not None and (self._allowed is None or origin in self._allowed)
