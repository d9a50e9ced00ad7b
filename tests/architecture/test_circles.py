"""No module imports itself by way of others: each can be read, tested and moved after the ones it names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "actors", "storage", "gatherup", "loadtest")
SDK = ROOT / "clients" / "typescript" / "src"
ADVICE = (
    "these modules import each other in a circle. Move the type they share into the module that owns it, or into one "
    "of its own that both import; an import at run time or under TYPE_CHECKING only hides the circle"
)
Graph = Mapping[str, set[str]]
_TS_IMPORT = re.compile(r"""^(?:import|export)\b[^'"]*?\bfrom\s+['"]\./([\w/-]+)\.ts['"]""", re.MULTILINE)


def circles(graph: Graph) -> list[list[str]]:
    """Return a shortest circle through each module that is in one; each circle once, from its first name on."""
    found = {tuple(circle) for module in graph if (circle := _circle_through(module, graph))}
    return sorted(list(circle) for circle in found)


def _circle_through(start: str, graph: Graph) -> list[str] | None:
    paths = [[start]]
    seen: set[str] = set()
    for path in paths:  # grows meanwhile: breadth first
        for following in sorted(graph.get(path[-1], ())):
            if following == start:
                first = path.index(min(path))
                return path[first:] + path[:first]
            if following not in seen:
                seen.add(following)
                paths.append([*path, following])
    return None


def python_graph(sources: Mapping[str, str]) -> Graph:
    """Return which of these modules each one imports: anywhere in it, under TYPE_CHECKING and in functions too."""
    return {name: set(_imports(ast.parse(source), sources)) - {name} for name, source in sources.items()}


def _imports(tree: ast.Module, known: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                if below in known:
                    yield below
                elif node.module in known:
                    yield node.module


def python_sources(package: str) -> dict[str, str]:
    """Return each module of a package by its name."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def typescript_graph(sources: Mapping[str, str]) -> Graph:
    """Return which of these modules each one imports or exports from, types included."""
    return {name: set(_TS_IMPORT.findall(source)) for name, source in sources.items()}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_python_module_imports_itself_by_way_of_others(package: str) -> None:
    sources = python_sources(package)
    assert sources
    assert circles(python_graph(sources)) == [], ADVICE


def test_no_typescript_module_imports_itself_by_way_of_others() -> None:
    graph = typescript_graph({path.stem: path.read_text(encoding="utf-8") for path in SDK.glob("*.ts")})
    assert graph["index"] > {"client", "protocol"}
    assert set.union(*graph.values()) <= graph.keys()
    assert circles(graph) == [], ADVICE


def test_circles_are_found_wherever_the_import_stands() -> None:
    sources = {
        "p.a": "from p.b import B\nimport trio",
        "p.b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p import c",
        "p.c": "def f():\n    import p.a",
        "p.d": "from p.a import A",
        "p": "from p.d import D",
    }
    assert circles(python_graph(sources)) == [["p.a", "p.b", "p.c"]]
    typescript = {
        "a": "import type { B } from './b.ts'",
        "b": "import {\n  type A,\n  type C,\n} from './c.ts'",
        "c": "export { type A } from './a.ts'",
        "d": "import { decode } from '@msgpack/msgpack'\nimport { A } from './a.ts'",
    }
    assert circles(typescript_graph(typescript)) == [["a", "b", "c"]]
