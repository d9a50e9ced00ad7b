"""The OpenAPI document as one page of HTML that loads nothing from anywhere."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import msgspec

from protocol.codes import CODES

STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:64em;margin:2em auto;padding:0 1em}"
    "pre{background:#f4f4f4;padding:1em;overflow:auto}"
    "td,th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}"
    "section{border-top:1px solid #ccc;margin-top:2em}"
)


def page(document: dict[str, Any]) -> str:
    """Endpoints with parameters and examples, error codes, types."""
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    types = "".join(
        f'<h3 id="type-{escape(name)}">{escape(name)}</h3>{_shown(schema)}'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    codes = "".join(
        f'<tr id="{code.value}"><td><code>{code.value}</code><td>{info.http_status}'
        f"<td>{'yes' if info.retry else 'no'}<td>{escape(info.sentence)}"
        for code, info in CODES.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>GatherUp HTTP API</title><style>{STYLE}</style>"
        '<h1>GatherUp HTTP API</h1><p>For programs: <a href="/openapi.json">openapi.json</a>. '
        'See also <a href="#codes">error codes</a> and <a href="#types">types</a>.'
        f"<h2>Endpoints</h2>{operations}<h2 id=codes>Error codes</h2>"
        f"<table><tr><th>code<th>status<th>retry<th>meaning{codes}</table><h2 id=types>Types</h2>{types}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    name = escape(operation["operationId"])
    return (
        f'<section><h3 id="{name}"><code>{method.upper()} {escape(path)}</code></h3>'
        f"<p>{escape(operation['description'] or operation['summary'])}</p><p>{_needed(operation)}</p>"
        f"{_parameters(operation['parameters'])}{_body(operation)}{_responses(operation['responses'])}</section>"
    )


def _needed(operation: dict[str, Any]) -> str:
    for scheme, scopes in (pair for one in operation.get("security", ()) for pair in one.items()):
        if scopes:
            return f"Takes an API key with the scope <code>{escape(', '.join(scopes))}</code>."
        return f"Takes an access token ({escape(scheme)})."
    return "Open to everybody."


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{one['in']}<td>{'yes' if one['required'] else 'no'}"
        f"<td>{escape(one['description'])}<td><code>{escape(_json(one['schema']))}</code>"
        for one in parameters
    )
    return f"<table><tr><th>parameter<th>in<th>required<th>meaning<th>schema{rows}</table>"


def _body(operation: dict[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    return f"<h4>Body</h4>{_content(operation['requestBody'])}"


def _responses(responses: dict[str, Any]) -> str:
    done = "".join(
        f"<h4>{status}</h4><p>{escape(response['description'])}</p>{_content(response)}"
        for status, response in responses.items()
        if status < "400"
    )
    refused = "".join(
        f"<tr><td>{status}<td>{_codes(response['description'])}"
        for status, response in responses.items()
        if status >= "400"
    )
    return done + (f"<table><tr><th>refused<th>codes{refused}</table>" if refused else "")


def _codes(description: str) -> str:
    """The codes that a description names, as links."""
    names = [part for part in description.split("`")[1::2] if part in {code.value for code in CODES}]
    return ", ".join(f'<a href="#{name}"><code>{name}</code></a>' for name in names)


def _content(holder: dict[str, Any]) -> str:
    for content in holder.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        link = f'<p><a href="#type-{escape(name)}">{escape(name)}</a></p>' if name else ""
        return link + (_shown(content["example"]) if "example" in content else "")
    return ""


def _shown(value: Any) -> str:
    return f"<pre>{escape(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())}</pre>"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
