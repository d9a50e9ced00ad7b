"""The pages people read, taken apart so that tests can hold them to the code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("ops/**/*.md"),
        *ROOT.glob("clients/*/*.md"),
    )
    if path.is_file()
)
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Path
    language: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str, *pages: Path) -> list[Block]:
    """The fenced blocks of this language, in all pages unless some are named."""
    found: list[Block] = []
    for page in pages or PAGES:
        text = page.read_text(encoding="utf-8")
        found += [
            Block(page, language, match["text"], text.count("\n", 0, match.start()) + 2)
            for match in _FENCE.finditer(text)
            if match["language"] == language
        ]
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))
