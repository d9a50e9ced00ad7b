"""Every endpoint with generated requests, good and bad: no 5xx, and no answer that the document doesn't tell of."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.abuse.conftest import Node, Person

pytestmark = [pytest.mark.real, pytest.mark.slow]
EXAMPLES: Final = 3
"""Requests to each endpoint, in each mode, to things that are there."""
CHECKED: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


class Visitor:
    """What one endpoint is tried with: somebody new, who is signed in, and what is theirs."""

    def __init__(self, node: Node, admin: Person, key: httpx.Client) -> None:
        self._node = node
        self._admin = admin
        self._key = key

    def headers(self, operation: APIOperation[Any, Any, Any, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """The token that it takes, and the parts of its path."""
        ann, ben = self._node.guest(), self._node.guest()
        room = ann.room()
        ben.send("POST", f"/v1/rooms/{room}/join")
        seq = ann.post(room, "hello")
        cup = {"tournament": ann.tournament(), "entrant": "1", "match": "1"}
        cup |= {"gathering": ann.gathering(), "player": "1"}
        ours = {"room": room, "seq": str(seq), "user": ben.user, **cup}
        named = operation.definition.raw.get("security", [{}])[0]
        if "key" in named:
            token = self._key.headers["Authorization"]
        else:
            who = self._admin if operation.path.startswith("/v1/admin") else ann
            token = who.http.headers["Authorization"]
        return {"Authorization": token} if named else {}, ours


def test_every_endpoint_answers_as_the_document_says(node: Node) -> None:
    admin = node.admin()
    visitor = Visitor(node, admin, node.key(admin))
    schema = schemathesis.openapi.from_dict(node.document)
    failures: dict[str, str] = {}
    tried = 0
    with requests.Session() as session:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            for mode in GenerationMode:
                try:
                    tried += _try(operation, mode, visitor, session, node.addresses.http)
                except (FailureGroup, AssertionError) as failure:
                    failures[f"{operation.label} {mode.value}"] = _told(failure)
    assert not failures, "\n\n".join(f"{name}\n{told}" for name, told in failures.items())
    assert tried > 2 * len(list(node.operations()))


def _try(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    visitor: Visitor,
    session: requests.Session,
    url: str,
) -> int:
    headers, parts = visitor.headers(operation)
    tried = 0
    own = {name: parts[name] for name in parts if f"{{{name}}}" in operation.path}
    strategy = operation.as_strategy(generation_mode=mode, path_parameters=own or None)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=strategy)
    def requested(case: Case) -> None:
        nonlocal tried
        tried += 1
        response = case.call(base_url=url, session=session, headers=headers)
        case.validate_response(response, checks=CHECKED)

    with contextlib.suppress(Unsatisfiable):  # nothing about it could be wrong
        requested()
    return tried


def _told(failure: BaseException) -> str:
    parts = getattr(failure, "exceptions", [failure])
    return "\n".join(f"{type(part).__name__}: {part}" for part in parts)[:3000]
