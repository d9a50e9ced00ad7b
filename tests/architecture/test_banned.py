"""Time, chance, sockets and threads stay out of protocol, actors and storage.memory.

Ruff holds the same table (TID251 in pyproject.toml) for the whole repository, but ruff can be silenced by a
comment or a per-file exception. This walk cannot, and it also sees a deadline set on a bare cancel scope.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WALKED = ("protocol", "actors", "storage/memory")
RUFF = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
BANNED = frozenset(RUFF["flake8-tidy-imports"]["banned-api"])
DEADLINES = frozenset({"deadline", "relative_deadline"})


def banned_uses(source: str) -> list[str]:
    """Return ``"line: banned.name"`` for each banned name that the source imports or reaches."""
    tree = ast.parse(source)
    names: dict[str, str] = {}
    found: set[tuple[int, str | None]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bindings = _bindings(node)
            names |= bindings
            found |= {(node.lineno, _banned(dotted)) for dotted in bindings.values()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            found.add((node.lineno, _banned(_dotted(node, names))))
        elif isinstance(node, ast.Call) and _dotted(node.func, names) == "trio.CancelScope":
            found |= {
                (node.lineno, f"trio.CancelScope({k.arg})") for k in node.keywords if k.arg in DEADLINES
            }
    return [f"{line}: {name}" for line, name in sorted((line, name) for line, name in found if name)]


def _bindings(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Map each local name that an import statement binds to the dotted name it stands for."""
    if isinstance(node, ast.ImportFrom):
        return {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names} if not node.level else {}
    renamed = {a.asname: a.name for a in node.names if a.asname}
    tops = {a.name.partition(".")[0] for a in node.names if not a.asname}
    # `import trio.socket` binds trio, and reaches trio.socket.
    return {a.name: a.name for a in node.names} | {top: top for top in tops} | renamed


def _dotted(node: ast.AST, names: dict[str, str]) -> str | None:
    """Resolve ``a.b.c`` through the module's imports; None when it does not start at an import."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else None
    return None


def _banned(dotted: str | None) -> str | None:
    """Return the banned name at or above a dotted name; a star import is banned if it would bind one."""
    if dotted is None:
        return None
    if dotted.endswith(".*") and any(name.startswith(dotted[:-1]) for name in BANNED):
        return dotted
    parts = dotted.split(".")
    prefixes = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return next((prefix for prefix in prefixes if prefix in BANNED), None)


def _modules() -> list[Path]:
    return sorted(path for package in WALKED for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_banned_is_used(path: Path) -> None:
    assert banned_uses(path.read_text()) == []


def test_every_walked_package_has_modules() -> None:
    walked = {path.relative_to(ROOT).parts[0] for path in _modules()}
    assert walked == {"protocol", "actors", "storage"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time", ["1: time"]),
        ("import time as t\nt.monotonic()", ["1: time", "2: time"]),
        ("from time import monotonic", ["1: time"]),
        ("from time import *", ["1: time"]),
        ("from trio import *", ["1: trio.*"]),
        ("import random", ["1: random"]),
        ("import secrets", ["1: secrets"]),
        ("import socket", ["1: socket"]),
        ("from trio import socket", ["1: trio.socket"]),
        ("import os\nos.urandom(8)", ["2: os.urandom"]),
        ("import os\nos.environ['A']", ["2: os.environ"]),
        ("from os import urandom", ["1: os.urandom"]),
        ("import uuid\nuuid.uuid4()", ["2: uuid.uuid4"]),
        ("from uuid import uuid4 as new", ["1: uuid.uuid4"]),
        ("from datetime import datetime\ndatetime.now()", ["2: datetime.datetime.now"]),
        ("import datetime as dt\ndt.datetime.now(dt.UTC)", ["2: datetime.datetime.now"]),
        ("import trio\nasync def f():\n    await trio.sleep(1)", ["3: trio.sleep"]),
        ("import trio\nnap = trio.sleep_until", ["2: trio.sleep_until"]),
        ("import trio as t\nt.current_time()", ["2: trio.current_time"]),
        ("import trio\nwith trio.move_on_after(1):\n    pass", ["2: trio.move_on_after"]),
        ("import trio\nwith trio.move_on_at(1):\n    pass", ["2: trio.move_on_at"]),
        ("from trio import fail_after", ["1: trio.fail_after"]),
        ("import trio\nwith trio.fail_at(1):\n    pass", ["2: trio.fail_at"]),
        ("import trio\ntrio.CancelScope(deadline=1)", ["2: trio.CancelScope(deadline)"]),
        ("import trio.socket", ["1: trio.socket"]),
        ("def f():\n    import random  # noqa: TID251\n", ["2: random"]),
    ],
)
def test_a_banned_use_is_found(source: str, expected: list[str]) -> None:
    assert banned_uses(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "import trio\ntrio.CancelScope()",
        "import trio\nasync def f():\n    await trio.lowlevel.checkpoint()",
        "from datetime import datetime, timedelta\ndatetime.fromtimestamp(0)",
        "import uuid\nuuid.UUID(int=1)",
        "class Clock:\n    def time(self): ...\n\ndef f(clock: Clock):\n    return clock.time()",
    ],
)
def test_what_is_allowed_is_left_alone(source: str) -> None:
    assert banned_uses(source) == []
