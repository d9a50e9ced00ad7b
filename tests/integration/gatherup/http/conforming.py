"""Holds every answer of the facade to the OpenAPI document: status, content type and schema."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.tls import NO_TLS

NOT_OF_AN_ENDPOINT = {404, 405}
"""What paths and methods that aren't there answer."""


class Conforming:
    """The document of a node, which is the same for every node of a release."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._paths = [(re.compile(re.sub(r"{\w+}", "[^/]*", path)), path) for path in document["paths"]]
        self._paths.sort(key=lambda pair: pair[1].count("{"))
        self.validator = lru_cache(maxsize=None)(self._validator)

    def check(self, answer: httpx.Response) -> None:
        """Raise AssertionError when the document doesn't tell of this answer."""
        method, url = answer.request.method.lower(), answer.request.url.path
        path = next((path for pattern, path in self._paths if pattern.fullmatch(url)), None)
        operation = self._document["paths"].get(path, {}).get("get" if method == "head" else method)
        if operation is None:
            assert (
                url in {"/openapi.json", "/docs"}
                or method == "options"
                or answer.status_code in NOT_OF_AN_ENDPOINT
            )
            return
        status, what = str(answer.status_code), f"{method} {path} {answer.status_code}"
        assert status in operation["responses"], f"undocumented: {what}: {answer.text}"
        if not answer.content:
            return
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in operation["responses"][status]["content"], f"undocumented: {what} {kind}"
        if kind.endswith("json"):
            assert path is not None
            self.validator(operation["operationId"], status, kind).validate(answer.json())

    def _validator(self, name: str, status: str, kind: str) -> Draft202012Validator:
        (operation,) = (
            operation
            for methods in self._document["paths"].values()
            for operation in methods.values()
            if operation["operationId"] == name
        )
        schema = operation["responses"][status]["content"][kind]["schema"]
        return Draft202012Validator({**schema, "components": self._document["components"]})


_known: list[Conforming] = []


async def conforms(answer: httpx.Response) -> None:
    """An event hook of ``httpx``: every test of the facade is a test of its document, and of what guards answers."""
    await answer.aread()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Cache-Control" in answer.headers, "an answer that anybody may keep"
    if not _known:
        async with httpx.AsyncClient(
            base_url=answer.request.url.join("/"), verify=NO_TLS, trust_env=False
        ) as client:
            _known.append(Conforming((await client.get("/openapi.json")).json()))
    _known[0].check(answer)
