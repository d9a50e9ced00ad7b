"""The OpenAPI 3.1 document and a page that shows it without loading anything from anywhere else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec
from quart import Quart, Response
from quart_schema import QuartSchema
from quart_schema.openapi import HttpSecurityScheme, Info, OpenAPIProvider
from werkzeug.routing import Rule

from gatherup.http.endpoint import BEARER, ENDPOINT, NoContent
from gatherup.http.problem import MEDIA_TYPE
from protocol.codes import CODES
from protocol.http import Problem

REF = "#/components/schemas/{name}"
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def schema_of(kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A type's schema, and the components it refers to."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template=REF)
    return schema, components


class Provider(OpenAPIProvider):
    """quart-schema's document, with nested types, problem documents and real query parameters."""

    def generate_rules(self) -> Iterable[Rule]:
        """Only what an endpoint declares."""
        views = self._app.view_functions
        return [rule for rule in self._app.url_map.iter_rules() if hasattr(views[rule.endpoint], ENDPOINT)]

    def operation_id(self, method: str, path: str, func: Any) -> str:
        """The group and the method's name: ``rooms_create``."""
        return f"{getattr(func, ENDPOINT).group}_{func.__name__}"

    def build_request_body(self, model: Any, source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """A JSON body; it may be left out where every member of it may."""
        schema, components = schema_of(model)
        required = any(field.required for field in msgspec.structs.fields(model))
        return {"required": required, "content": {"application/json": {"schema": schema}}}, components

    def build_response_object(self, model: Any, headers_model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """An answer, a problem, or nothing."""
        described = {"description": (model.__doc__ or "").strip()}
        if model is NoContent:
            return described, {}
        schema, components = schema_of(model)
        media_type = MEDIA_TYPE if model is Problem else "application/json"
        return {**described, "content": {media_type: {"schema": schema}}}, components

    def build_querystring_parameters(self, model: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A parameter per field."""
        _, components = schema_of(model)
        schema = components.pop(model.__name__)
        return [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": of}
            for name, of in schema["properties"].items()
        ], components


def add_openapi(app: Quart, version: str) -> None:
    """Serve /openapi.json and /docs, made once: now. Call it when every endpoint is mounted."""
    schema = QuartSchema(
        app,
        openapi_path=None,
        info=Info(title="GatherUp", version=version),
        security_schemes={BEARER: HttpSecurityScheme(scheme="bearer", bearer_format="JWT")},
        conversion_preference="msgspec",
        openapi_provider_class=Provider,
    )
    document = schema.openapi_provider.schema()
    encoded, html = msgspec.json.encode(document), page(document)

    async def openapi() -> Response:
        return Response(encoded, content_type="application/json")

    async def docs() -> Response:
        response = Response(html, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    app.add_url_rule("/openapi.json", "openapi", openapi)
    app.add_url_rule("/docs", "docs", docs)


def page(document: dict[str, Any]) -> str:
    """The document as one page of HTML: endpoints, types, error codes."""
    operations = "".join(
        f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(operation['summary'])}</p>"
        f"<p>{_links(operation)}</p>"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    types = "".join(
        f'<h3 id="type-{escape(name)}">{escape(name)}</h3>'
        f"<pre>{escape(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())}</pre>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    codes = "".join(
        f'<tr id="{code.value}"><td><code>{code.value}</code><td>{info.http_status}'
        f"<td>{'yes' if info.retry else 'no'}<td>{escape(info.sentence)}"
        for code, info in CODES.items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>GatherUp HTTP API</title>"
        "<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "pre{background:#f4f4f4;padding:1em;overflow:auto}td,th{text-align:left;padding:.2em 1em .2em 0}</style>"
        f'<h1>GatherUp HTTP API</h1><p>For programs: <a href="/openapi.json">openapi.json</a>.'
        f"<h2>Endpoints</h2>{operations}<h2>Error codes</h2>"
        f"<table><tr><th>code<th>status<th>retry<th>meaning{codes}</table><h2>Types</h2>{types}</html>"
    )


def _links(operation: dict[str, Any]) -> str:
    """The types an operation takes and gives."""
    text = msgspec.json.encode([operation.get("requestBody"), operation["responses"]]).decode()
    names = dict.fromkeys(part.partition('"')[0] for part in text.split("#/components/schemas/")[1:])
    return ", ".join(f'<a href="#type-{escape(name)}">{escape(name)}</a>' for name in names)
