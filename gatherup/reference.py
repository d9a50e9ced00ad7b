"""The reference pages under docs/, made from the code they describe: limits, codes, settings, endpoints and what is
kept how long.

``python -m gatherup.reference`` writes them again; a test fails when they are stale.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from msgspec import Struct

from gatherup import config, engine_keeps, features, http
from gatherup.http.endpoint import ENDPOINT, Declared, told_of
from gatherup.keeps import Keep
from protocol.codes import CLOSE_SENTENCES, CODES, may_come_back

DOCS: Final = Path(__file__).parents[1] / "docs"
SECTION: Final = "# --- "
SOURCES: Final = {
    "protocol.limits": "What a client can meet.",
    "actors.runtime.limits": "What only the runtime meets.",
    "actors.cluster.limits": "What only the nodes among themselves meet.",
}
MADE: Final = "<!-- Made from the code by `make docs`. -->\n"
_LIMITS: Final = """\
Each limit's name ends with its unit: `_s` seconds, `_ms` milliseconds, `_bytes`, `_chars`, `_per_s`. `_chars` counts
code points of Unicode, of names after NFC and never bytes: an emoji with a skin tone has two. They are constants of a
release; what an operator can set is in [settings](settings.md)."""
_ERRORS: Final = """\
The same on the socket (`refused`, `unsubscribed`) and over HTTP (RFC 9457 problem documents). Switch on the code, never
on the sentence. *Retry*: the same command can succeed later without change; `retry_after_s` says when, where that is
known."""
_CLOSES: Final = """\
4000-4099: come back and resume. 4100-4199: don't come back without a change. The standard codes keep the meaning of
RFC 6455. A client that doesn't know a code goes by its range; a lost connection without a code means come back."""
_SETTINGS: Final = """\
Settings are environment variables and nothing else. An empty one counts as unset; an unknown one that begins with
`GATHERUP_` is an error. `gatherup check-config` tells what is wrong, and what the environment makes.

A secret, marked (`_FILE`), can also be in a file: `DATABASE_URL_FILE` holds the path of a file with the value of
`DATABASE_URL`. Setting both is an error. The file holds UTF-8 text of at most 64 KiB, whose line breaks at the end
don't count, and is read when the process starts."""


_ENDPOINTS: Final = """\
Each node describes them in full at `/docs`, with bodies, answers and refusals, and for machines at `/openapi.json`.
[Web clients](guides/web-clients.md) and [game backends](guides/game-backends.md) show how they are used."""
_KEPT: Final = """\
Every table of the database stands here. A setting says how long rows are kept, from the moment that is told. Then a
job of the queue `cleanup` lets them go, a batch at a time, once in the whole cluster: each hour, accounts every five
minutes. `gatherup_swept_rows` counts the rows that a node let go, `gatherup_sweeps` how often all were gone, both by
the name here."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Limit(Struct, frozen=True):
    """One named limit of a module."""

    section: str
    name: str
    value: object
    note: str


def pages() -> dict[str, str]:
    """The text of every page, by its name under docs/."""
    return {
        "limits.md": limits_page(),
        "errors.md": errors_page(),
        "settings.md": settings_page(),
        "endpoints.md": endpoints_page(),
        "kept.md": kept_page(),
    }


def limits_page() -> str:
    """Every limit, by module and section."""
    parts = [
        "# Limits",
        _LIMITS,
    ]
    for source, title in SOURCES.items():
        module = importlib.import_module(source)
        parts.append(f"## {title}\n\n`{source.replace('.', '/')}.py`")
        found = list(limits_of(module))
        for section in dict.fromkeys(limit.section for limit in found):
            rows = [
                (f"`{limit.name.lower()}`", shown(limit.value), limit.note)
                for limit in found
                if limit.section == section
            ]
            if section:
                parts.append(f"### {section[:1].upper()}{section[1:]}")
            parts.append(table(("limit", "value", ""), rows))
    return page(parts)


def errors_page() -> str:
    """Every error code and every close code."""
    codes = [
        (f"`{code}`", "yes" if info.retry else "no", str(info.http_status), info.sentence)
        for code, info in CODES.items()
    ]
    closes = [
        (str(int(code)), code.name.lower(), "yes" if may_come_back(code) else "no", sentence)
        for code, sentence in CLOSE_SENTENCES.items()
    ]
    return page(
        [
            "# Error and close codes",
            "## Error codes",
            _ERRORS,
            table(("code", "retry", "HTTP", "default sentence"), codes),
            "## Close codes",
            _CLOSES,
            table(("code", "name", "come back", "sentence"), closes),
        ]
    )


def settings_page() -> str:
    """Every setting, by section of the tree."""
    parts = [
        "# Settings",
        _SETTINGS,
    ]
    for section, branch in config.sections().items():
        rows = [
            (_variable(leaf), _default(leaf), leaf.description)
            for leaf in config.leaves()
            if leaf.section == section
        ]
        parts += [
            f"## {section}",
            inspect.cleandoc(branch.__doc__ or ""),
            table(("variable", "default", ""), rows),
        ]
    return page(parts)


def endpoints_page() -> str:
    """Every endpoint, by group."""
    parts = ["# Endpoints", _ENDPOINTS]
    all_ = sorted(
        endpoints().values(), key=lambda one: (one[1].group, one[1].path, _METHODS.index(one[1].method))
    )
    for group in dict.fromkeys(declared.group for _, declared in all_):
        rows = [
            (f"`{declared.method} {declared.path}`", _who(declared), told_of(view)[0].replace("``", "`"))
            for view, declared in all_
            if declared.group == group
        ]
        parts += [f"## {group.replace('_', ' ').capitalize()}", table(("endpoint", "who", ""), rows)]
    return page(parts)


def kept_page() -> str:
    """What is kept how long, what has a setting first."""
    settings = {f"{leaf.section}.{leaf.field}": leaf for leaf in config.leaves()}
    timed = [
        (keep.what, *_time(settings[keep.setting]), keep.until, _tables(keep))
        for keep in keeps()
        if keep.setting is not None
    ]
    others = [(keep.what, keep.until, _tables(keep)) for keep in keeps() if keep.setting is None]
    return page(
        [
            "# What is kept how long",
            _KEPT,
            "## For a time",
            table(("what", "setting", "default", "", "tables"), timed),
            "## Without a time",
            table(("what", "", "tables"), others),
        ]
    )


def _time(leaf: config.Leaf) -> tuple[str, str]:
    assert isinstance(leaf.default, int)
    shown_days = leaf.default if leaf.field.endswith("_days") else leaf.default // 86_400
    return f"`{leaf.variable}`", "1 day" if shown_days == 1 else f"{shown_days:,} days"


def _tables(keep: Keep) -> str:
    return ", ".join(f"`{name}`" for name in keep.tables)


def keeps() -> list[Keep]:
    """All that is kept, as its module declares it."""
    names = (module.name for module in pkgutil.walk_packages(features.__path__, f"{features.__name__}."))
    modules = [engine_keeps, *(importlib.import_module(name) for name in names if name.endswith(".keeps"))]
    return [one for module in modules for one in vars(module).values() if isinstance(one, Keep)]


def _who(declared: Declared) -> str:
    if declared.scope is not None:
        return f"key: `{declared.scope}`"
    return "anybody" if declared.open else "signed in"


def endpoints() -> dict[str, tuple[Callable[..., Any], Declared]]:
    """Every endpoint as its module declares it, by HTTP method and path, without a node that serves it."""
    found: dict[str, tuple[Callable[..., Any], Declared]] = {}
    for package in (features, http):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for _, resource in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                for _, view in inspect.getmembers(resource, inspect.isfunction):
                    if isinstance(declared := getattr(view, ENDPOINT, None), Declared):
                        found[f"{declared.method} {declared.path}"] = view, declared
    return found


def limits_of(module: ModuleType) -> Iterator[Limit]:
    """The constants of a module in their order, each with the text below it and the comment line above its group."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    body = ast.parse(source).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above = (line for line in reversed(lines[: node.lineno]) if line.startswith(SECTION))
            section = next(above, SECTION).removeprefix(SECTION).rstrip(" -")
            yield Limit(section, node.target.id, getattr(module, node.target.id), _text(after))


def _text(node: ast.stmt | None) -> str:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return " ".join(node.value.value.replace("``", "`").split())
    return ""


def _variable(leaf: config.Leaf) -> str:
    return f"`{leaf.variable}`" + (" (`_FILE`)" if leaf.secret else "")


def _default(leaf: config.Leaf) -> str:
    if leaf.required:
        return "must be set"
    return "unset" if leaf.default is None else f"`{leaf.default}`"


def shown(value: object) -> str:
    """Format a number for a reader."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |".replace("  |", " |") for cells in lines)


def page(parts: Iterable[str]) -> str:
    """A page of these paragraphs."""
    return MADE + "\n" + "\n\n".join(parts) + "\n"


def write(directory: Path = DOCS) -> None:
    """Write every page into this directory."""
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
