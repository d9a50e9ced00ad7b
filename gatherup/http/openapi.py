"""The OpenAPI 3.1 document, made of what the endpoints declare."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct
from quart import Quart, Response
from quart_schema import QuartSchema
from quart_schema.openapi import HttpSecurityScheme, Info, OpenAPIProvider
from werkzeug.routing import Rule

from gatherup.http.docs_page import page
from gatherup.http.endpoint import ENDPOINT, JSON, Declared, PathPart, told_of
from gatherup.http.examples import example_of
from gatherup.http.gate import Gate
from gatherup.http.problem import MEDIA_TYPE, document_of
from gatherup.http.refusals import codes_of
from protocol.codes import CODES, Code
from protocol.http.base import CommandAccepted, CommandBody, Problem, Query
from protocol.ids import CLIENT_ID_PATTERN

BEARER: Final = "bearer"
KEY: Final = "key"
REF: Final = "#/components/schemas/{name}"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)
RETRIED: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_PART: Final = re.compile(r"<(\w+)>")


def add_openapi(
    app: Quart, gate: Gate, version: str, *, path_parts: Iterable[PathPart], refuses: Collection[Code]
) -> None:
    """Serve /openapi.json and /docs, made once: now. Call it when every endpoint is mounted.

    ``path_parts`` says what stands in paths, ``refuses`` what kinds of stream refuse commands with.
    """
    parts = {part.name: part for part in path_parts}

    class Described(Provider):
        """Says so of these."""

        path_parts = parts
        of_streams = refuses

    schema = QuartSchema(
        app,
        openapi_path=None,
        info=Info(title="GatherUp", version=version),
        security_schemes={
            BEARER: HttpSecurityScheme(scheme="bearer", bearer_format="JWT"),
            KEY: HttpSecurityScheme(scheme="bearer", bearer_format="gu_..."),
        },
        conversion_preference="msgspec",
        openapi_provider_class=Described,
    )
    document = schema.openapi_provider.schema()
    check_operation_ids(document)
    encoded, html = msgspec.json.encode(document), page(document)

    async def openapi() -> Response:
        gate.limit(gate.address())
        return Response(encoded, content_type=JSON)

    async def docs() -> Response:
        gate.limit(gate.address())
        response = Response(html, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    app.add_url_rule("/openapi.json", "openapi", openapi)
    app.add_url_rule("/docs", "docs", docs)


def check_operation_ids(document: dict[str, Any]) -> None:
    """Raise ValueError when two operations have one id: generated clients would lose one of them."""
    seen: set[str] = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            if (name := operation["operationId"]) in seen:
                raise ValueError(f"two endpoints are called {name}: rename a method or give it another group")
            seen.add(name)


class Provider(OpenAPIProvider):
    """quart-schema's document around operations made of what ``endpoint`` keeps."""

    path_parts: ClassVar[Mapping[str, PathPart]]
    of_streams: ClassVar[Collection[Code]]

    def generate_rules(self) -> Iterable[Rule]:
        """Only what an endpoint declares."""
        views = self._app.view_functions
        return [rule for rule in self._app.url_map.iter_rules() if hasattr(views[rule.endpoint], ENDPOINT)]

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        """One operation, and the types it refers to."""
        view = self._app.view_functions[rule.endpoint]
        declared: Declared = getattr(view, ENDPOINT)
        components = dict[str, Any]()
        operation = {
            "operationId": f"{declared.group}_{view.__name__}",
            "tags": [declared.group],
            **_told(view),
            **_security(declared),
            "parameters": [*self._path(declared), *_parameters(declared, components)],
            "responses": _responses(declared, codes_of(declared, self.of_streams), components),
        }
        if declared.body is not None:
            operation["requestBody"] = {
                "required": any(field.required for field in msgspec.structs.fields(declared.body)),
                "content": {JSON: _content(declared.body, components), **_file(declared)},
            }
        return {_PART.sub(r"{\1}", declared.path): {declared.method.lower(): operation}}, components

    def _path(self, declared: Declared) -> list[dict[str, Any]]:
        # A part that nobody explained is described by its name: a test says so, not a node that doesn't start.
        return [
            _path_part(self.path_parts.get(name) or PathPart(name, name, "^[^/]+$", name))
            for name in _PART.findall(declared.path)
        ]


def schema_of(kind: Any, components: dict[str, Any]) -> dict[str, Any]:
    """A type's schema; what it refers to is added to the components."""
    (schema,), further = msgspec.json.schema_components([kind], ref_template=REF)
    components.update(further)
    return schema


def _told(view: Callable[..., Any]) -> dict[str, str]:
    summary, whole = told_of(view)
    return {"summary": summary, "description": "" if summary == whole else whole}


def _security(declared: Declared) -> dict[str, Any]:
    if declared.open:
        return {}
    return {"security": [{BEARER: []} if declared.scope is None else {KEY: [declared.scope]}]}


def _file(declared: Declared) -> dict[str, Any]:
    return {} if declared.file is None else {declared.file: {"schema": {"type": "string"}}}


def _content(kind: type[Struct], components: dict[str, Any]) -> dict[str, Any]:
    return {"schema": schema_of(kind, components), "example": example_of(kind)}


def _parameters(declared: Declared, components: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = list[dict[str, Any]]()
    if declared.query is not None:
        schema_of(declared.query, components)
        fields = components.pop(declared.query.__name__)
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": name in fields.get("required", ()),
                "description": _told_of_parameter(declared.query, name, schema),
                "schema": schema,
            }
            for name, schema in fields["properties"].items()
        ]
    if declared.polled or (declared.versioned and declared.method == "GET"):
        parameters.append(_header("If-None-Match", "the ETag of the answer one has: 304 if it is still that"))
    elif declared.versioned:
        parameters.append(
            _header("If-Match", "the ETag of what one read: 412 if others changed it meanwhile")
        )
    if declared.body is not None and issubclass(declared.body, CommandBody):
        told = "the client_id, which must stand here or in the body; in both only the same"
        parameters.append(_header("Idempotency-Key", told, pattern=CLIENT_ID_PATTERN))
    return parameters


def _told_of_parameter(kind: type[Struct], name: str, schema: dict[str, Any]) -> str:
    """What a parameter is, and which it excludes: OpenAPI has no other way to say that."""
    others = (
        [one for one in kind.exclusive if one != name]
        if issubclass(kind, Query) and name in kind.exclusive
        else []
    )
    alone = f"Not together with {' or '.join(others)}." if others else ""
    return " ".join(text for text in (schema.get("description", ""), alone) if text)


def _path_part(part: PathPart) -> dict[str, Any]:
    return {
        "name": part.name,
        "in": "path",
        "required": True,
        "description": part.description,
        "schema": {"type": "string", "pattern": part.pattern},
        "example": part.example,
    }


def _header(name: str, description: str, *, pattern: str | None = None) -> dict[str, Any]:
    schema = {"type": "string"} if pattern is None else {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _responses(declared: Declared, codes: Sequence[Code], components: dict[str, Any]) -> dict[str, Any]:
    headers = dict[str, str]()
    if declared.polled or declared.versioned:
        headers["ETag"] = "This version of it."
    if declared.status == HTTPStatus.CREATED and declared.answer is CommandAccepted:
        headers["Location"] = "Where it can be read."
    done = {
        "description": _done(declared.answer),
        **_headers(headers),
        **_answer(declared, components),
    }
    responses = {str(status): done for status in (declared.status, declared.other) if status is not None}
    if declared.polled or (declared.versioned and declared.method == "GET"):
        responses["304"] = {"description": "What the client has is still so.", **_headers(headers)}
    for status in sorted({CODES[code].http_status for code in codes}):
        refusals = [code for code in codes if CODES[code].http_status == status]
        responses[str(status)] = _refused(status, refusals, components)
    return responses


def _done(answer: type[Struct] | None) -> str:
    return " ".join((answer.__doc__ or "").split()) if answer else "Done."


def _answer(declared: Declared, components: dict[str, Any]) -> dict[str, Any]:
    if declared.answer is not None:
        return {"content": {declared.media_type: _content(declared.answer, components)}}
    if declared.media_type != JSON:
        return {"content": {declared.media_type: {"schema": {"type": "string"}}}}
    return {}


def _headers(told: dict[str, str]) -> dict[str, Any]:
    if not told:
        return {}
    return {
        "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in told.items()}
    }


def _refused(status: int, codes: list[Code], components: dict[str, Any]) -> dict[str, Any]:
    example = document_of(codes[0], retry_after_s=1.5 if status in RETRIED else None)
    content = {"schema": schema_of(Problem, components), "example": msgspec.to_builtins(example)}
    return {
        "description": " ".join(f"`{code.value}`: {CODES[code].sentence}" for code in codes),
        **_headers({"Retry-After": "Seconds to wait, where they are known."} if status in RETRIED else {}),
        "content": {MEDIA_TYPE: content},
    }
