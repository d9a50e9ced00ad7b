"""What each package may import from outside: a short list, so that a new dependency is a decision.

import-linter (pyproject.toml) holds the direction between GatherUp's own packages and keeps named drivers
out; a list of what is allowed also catches the library nobody thought of forbidding.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "protocol": {"protocol", "msgspec"},
    # rustworkx for the engine of Swiss rounds alone, dateutil for the recurrence of series alone, confusable_homoglyphs
    # for scripts and handles (actors/text).
    "actors": {
        "actors",
        "confusable_homoglyphs",
        "dateutil",
        "protocol",
        "msgspec",
        "outcome",
        "rpds",
        "rustworkx",
        "trio",
        "typing_extensions",
    },
    "actors/tournament/engine": {"actors.tournament.engine", "msgspec", "rustworkx"},
    "storage/memory": {
        "storage.memory",
        "storage.tables",
        "actors",
        "protocol",
        "msgspec",
        "outcome",
        "trio",
        "typing_extensions",
    },
    "gatherup/client": {
        "gatherup.client",
        "protocol",
        "h11",
        "msgspec",
        "trio",
        "trio_websocket",
        "typing_extensions",
        "wsproto",
    },
}


def foreign_imports(source: str, allowed: set[str]) -> list[str]:
    """Return the imported modules that are neither of the standard library nor at or below an allowed one."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            # `from gatherup import client` reaches gatherup.client, not all of gatherup.
            below = any(name.startswith(module + ".") for name in allowed)
            imported |= {f"{module}.{alias.name}" for alias in node.names} if below else {module}
    return sorted(name for name in imported if not _is_allowed(name, allowed))


def _is_allowed(module: str, allowed: set[str]) -> bool:
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    return any(module == name or module.startswith(name + ".") for name in allowed)


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    paths = sorted((ROOT / package).rglob("*.py"))
    assert paths
    foreign = {
        str(path.relative_to(ROOT)): names
        for path in paths
        if (names := foreign_imports(path.read_text(), ALLOWED[package]))
    }
    assert foreign == {}


def test_a_foreign_import_is_found() -> None:
    source = "import msgspec, psycopg\nfrom gatherup import client, http\nfrom . import x\nimport trio.abc\n"
    allowed = {"msgspec", "gatherup.client", "trio"}
    assert foreign_imports(source, allowed) == [".", "gatherup.http", "psycopg"]
