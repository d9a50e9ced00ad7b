"""The kind that docs/kinds.md shows, made from the very text a reader sees."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from actors.kind import Kind

PAGE = Path(__file__).parents[1] / "docs" / "kinds.md"
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def load_example() -> ModuleType:
    """The page's one Python block, run as a module: its commands, events and state are attributes."""
    text = PAGE.read_text(encoding="utf-8")
    (block,) = _BLOCK.finditer(text)
    before = text[: block.start("code")].count("\n")  # so that tracebacks name the page's own lines
    module = ModuleType("counter_of_docs_kinds")
    module.__file__ = str(PAGE)
    sys.modules[module.__name__] = module  # msgspec looks annotations up there
    exec(compile("\n" * before + block["code"], str(PAGE), "exec"), vars(module))
    return module


def load_example_kind() -> Kind[Any]:
    """One instance of the page's kind."""
    return load_example().CounterKind()
