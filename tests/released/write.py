"""Write the baseline of a release: ``python -m tests.released.write``, run at the release and at no other time.

The code of the log and the directory is copied with whatever it imports, so that it doesn't change with today's code.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import trio

from gatherup.embedded import embedded_postgres
from protocol.schema import json_schema
from storage.postgres.schema.migrate import migrate
from storage.postgres.schema.plan import FOLDER, RELEASES, Migrations
from tests.integration.site import running, settings
from tests.released.catalog import catalog
from tests.released.compatible import bare

ROOT: Final = Path(__file__).parents[2]
BASELINE: Final = Path(__file__).parent
CODE: Final = BASELINE / "code"
PACKAGE: Final = "tests.released.code"
SUITES: Final = ("tests.contract.test_log", "tests.contract.test_directory")
"""The contract suites of the log and of the directory. They import all the code that they test."""
COPIED: Final = ("actors", "gatherup", "protocol", "storage", "tests")
_IMPORT: Final = re.compile(rf"^(\s*(?:from|import) )(?=(?:{'|'.join(COPIED)})[. ])", re.MULTILINE)


def needed(modules: Iterable[str], root: Path = ROOT) -> dict[str, Path]:
    """The files of these modules and of every module of GatherUp that they import, by name."""
    found: dict[str, Path] = {}
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        path = _file_of(name, root)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *imported(path.read_text(encoding="utf-8"))]
    return found


def moved(source: str) -> str:
    """The same source with its imports of GatherUp leading to the copy."""
    return _IMPORT.sub(rf"\g<1>{PACKAGE}.", source)


def _file_of(module: str, root: Path) -> Path | None:
    if module.partition(".")[0] not in COPIED:
        return None
    base = root.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def imported(source: str) -> Iterator[str]:
    """The modules that a source imports, and names that may be modules."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def write_code() -> None:
    """Copy the log, the directory and their contract suites."""
    if CODE.exists():
        shutil.rmtree(CODE)
    for path in needed(SUITES).values():
        copy = CODE / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(moved(path.read_text(encoding="utf-8")), encoding="utf-8")
    (CODE / "__init__.py").write_text(
        '"""The log, the directory and their contract suites as they were released: made, never edited."""\n'
    )


async def write_descriptions() -> None:
    """Write what describes the schema, the wire and HTTP, of a node that runs on a fresh database."""
    with tempfile.TemporaryDirectory(prefix="gatherup-release-") as name:
        data = Path(name)
        await trio.Path(data).chmod(0o755)  # PostgreSQL may have to run as another user
        async with embedded_postgres(data / "postgres", settings={"fsync": "off"}) as server:
            dsn = server.dsn_for("released")
            await trio.to_thread.run_sync(migrate, dsn)
            with psycopg.connect(dsn) as connection:
                lines = catalog(connection)
            async with (
                running(settings(dsn)) as addresses,
                httpx.AsyncClient(base_url=addresses.http, trust_env=False) as client,
            ):
                openapi = (await client.get("/openapi.json")).json()
    (BASELINE / "schema.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_json("openapi.json", openapi)
    _write_json("gatherup.v1.schema.json", json_schema())


def _write_json(name: str, value: Any) -> None:
    text = json.dumps(bare(value), indent=1, ensure_ascii=False, sort_keys=True)
    (BASELINE / name).write_text(text + "\n", encoding="utf-8")


def close_release() -> None:
    """Note the newest migration of the release: later ones belong to the next."""
    path = FOLDER / RELEASES
    newest = max(migration.version for migration in Migrations.read(FOLDER).ordered)
    lines = path.read_text(encoding="utf-8").split()
    if newest > lines[-1]:
        path.write_text("\n".join([*lines, newest]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    close_release()
    write_code()
    trio.run(write_descriptions)
