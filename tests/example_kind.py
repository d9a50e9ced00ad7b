"""The kind that docs/kinds.md shows, made from the very text a reader sees."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

from tests.markdown import ROOT, Block, blocks

PAGE = ROOT / "docs" / "kinds.md"
KIND, REGISTRATION, USE = blocks("python", PAGE)


@cache
def load_example() -> ModuleType:
    """The page's kind and the client that uses it, as one module."""
    module = ModuleType("auction_of_docs_kinds")
    module.__file__ = str(PAGE)
    sys.modules[module.__name__] = module  # msgspec looks annotations up there
    for block in (KIND, USE):
        _run(block, module)
    return module


def _run(block: Block, module: ModuleType) -> None:
    before = "\n" * (block.line - 1)  # so that tracebacks name the page's own lines
    exec(compile(before + block.text, str(PAGE), "exec"), vars(module))
