"""Which pages may read what the facade answers to a browser (CORS). No cookie is read, so none is asked for."""

from __future__ import annotations

from typing import Final

from quart import Quart, Response, request

from gatherup.origins import Origins

METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT: Final = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent"
"""Request headers that pages may set."""
TOLD: Final = "ETag, Location, Retry-After, traceparent"
"""Response headers that pages may read."""
PREFLIGHT_MAX_AGE_S: Final = 600


class Cors:
    """Tells browsers what pages of these origins may do."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

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
        if not self._origins.all:
            response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is not None and self._allows(origin):
            response.headers["Access-Control-Allow-Origin"] = "*" if self._origins.all else origin
            response.headers["Access-Control-Expose-Headers"] = TOLD
        return response

    def _allows(self, origin: str | None) -> bool:
        return origin is not None and self._origins.allows(origin)
