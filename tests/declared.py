"""Every endpoint of the HTTP API, as its module declares it, without a node that serves it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

from msgspec import Struct

import gatherup
from gatherup.http.endpoint import ENDPOINT, Declared
from protocol.http.base import Problem


@cache
def endpoints() -> dict[str, tuple[Any, Declared]]:
    """The method and its declaration, by HTTP method and path."""
    found: dict[str, tuple[Any, Declared]] = {}
    for module in pkgutil.walk_packages(gatherup.__path__, "gatherup."):
        if module.name.endswith("__main__"):
            continue
        for _, resource in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            for _, view in inspect.getmembers(resource, inspect.isfunction):
                if (declared := getattr(view, ENDPOINT, None)) is not None:
                    found[f"{declared.method} {declared.path}"] = view, declared
    assert len(found) > 80, "endpoints aren't found any more"
    return found


def told_types() -> set[type[Struct]]:
    """The types of all that they take and give."""
    types = [(one.body, one.query, one.answer) for _, one in endpoints().values()]
    return {Problem, *(kind for some in types for kind in some if kind is not None)}
