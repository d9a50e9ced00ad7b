"""The kind that docs/kinds.md shows, made from the very text a reader sees."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

from tests.markdown import ROOT, Block, blocks

PAGE = ROOT / "docs" / "kinds.md"
KIND, WORK, DECLARATION, USE = blocks("python", PAGE)
(TABLE,) = blocks("sql", PAGE)


@cache
def load_example() -> ModuleType:
    """The page's kind and the client that uses it, as one module."""
    return _module("auction_of_docs_kinds", KIND, USE)


@cache
def load_work() -> ModuleType:
    """The functions of a kind with work; what they name of theirs is for others to set."""
    return _module("work_of_docs_kinds", WORK)


@cache
def load_declared() -> ModuleType:
    """The page's kind with a table of its own."""
    return _module("declared_auction_of_docs_kinds", KIND, DECLARATION)


def _module(name: str, *blocks: Block) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = str(PAGE)
    sys.modules[module.__name__] = module  # msgspec looks annotations up there
    for block in blocks:
        _run(block, module)
    return module


def _run(block: Block, module: ModuleType) -> None:
    before = "\n" * (block.line - 1)  # so that tracebacks name the page's own lines
    exec(compile(before + block.text, str(PAGE), "exec"), vars(module))
