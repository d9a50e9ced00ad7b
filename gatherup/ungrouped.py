"""Errors without the groups that nurseries put around them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import cast


@contextmanager
def ungrouped() -> Generator[None]:
    """Raise a group's only error itself, however deep it is; a group of several as it is."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _only(group) from None


def _only(error: BaseException) -> BaseException:
    inner = cast("tuple[BaseException, ...]", getattr(error, "exceptions", ()))
    return _only(inner[0]) if len(inner) == 1 else error
