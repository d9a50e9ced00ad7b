"""An OpenID provider on loopback, for one client."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

CLIENT_ID, CLIENT_SECRET = "gather up", "a secret: with signs+"
REDIRECT_URI = "http://127.0.0.1:9/signed-in"


class LocalIssuer:
    """Serves from a thread of its own until it is closed."""

    def __init__(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*issuer.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._answer(*issuer.post(self.path, form, self.headers.get("Authorization", "")))

            def _answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/realm"
        self.claims: dict[str, Any] = {}
        """What the next tokens say besides, or instead."""
        self.metadata: dict[str, Any] = {}
        """What its description says besides, or instead."""
        self._codes: dict[str, dict[str, str]] = {}
        self.change_key()

    def setting(self) -> str:
        """GATHERUP_AUTH_OIDC_PROVIDERS."""
        provider = {
            "name": "local",
            "title": "Local",
            "issuer": self.url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [REDIRECT_URI],
        }
        return json.dumps([provider])

    def change_key(self) -> None:
        """Sign with a new key, and publish no other."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kid = hashlib.sha256(str(self._key.public_key().public_numbers().x).encode()).hexdigest()[:8]

    def authorize(self, url: str, **person: str) -> dict[str, str]:
        """What the browser of this person (``sub``, ``name``) brings back from there: ``code`` and ``state``."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        assert asked["redirect_uri"] == REDIRECT_URI
        code = f"code-{len(self._codes)}-{time.monotonic_ns()}"
        self._codes[code] = {**asked, **person}
        return {"code": code, "state": asked["state"]}

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/realm/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                **self.metadata,
            }
        key = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        return 200, {"keys": [{**key, "kid": self._kid, "alg": "ES256"}]}

    def post(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        basic = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}".encode()
        if authorization != f"Basic {base64.b64encode(basic).decode()}":
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": asked["sub"],
            "name": asked["name"],
            "email": "ann@example.org",
            "email_verified": True,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 60,
            **self.claims,
        }
        token = jwt.encode(claims, self._key, "ES256", headers={"kid": self._kid})
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": token}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
