"""The URL that dbmate gets for a libpq connection string."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from storage.postgres.schema.migrate import MigrationFailed, database_url, dbmate_program


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        ("host=db user=u password=p dbname=g", "postgres://u:p@db:5432/g?sslmode=require"),
        ("host=db sslmode=verify-full user=u dbname=g", "postgres://u@db:5432/g?sslmode=verify-full"),
        ("host=db sslmode=prefer user=u dbname=g", "postgres://u@db:5432/g?sslmode=require"),
        ("host=localhost port=1 user=u dbname=g", "postgres://u@localhost:1/g?sslmode=disable"),
        ("host=::1 user=u dbname=g", "postgres://u@[::1]:5432/g?sslmode=disable"),
        ("postgresql://u:a%2Fb@db:6/g?sslmode=disable", "postgres://u:a%2Fb@db:6/g?sslmode=disable"),
        ("host='/a b' port=2 user=u dbname=g", "postgres://u@/g?host=%2Fa%20b&port=2&sslmode=disable"),
        ("host=db user=u keepalives=1", "postgres://u@db:5432/u?sslmode=require"),
    ],
)
def test_url(dsn: str, url: str) -> None:
    params = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    assert database_url(params).replace("%2F", "/") == url.replace("%2F", "/")


def test_several_hosts_are_refused() -> None:
    with pytest.raises(MigrationFailed, match="one host"):
        database_url({"host": "a,b"})


def test_the_program_is_installed() -> None:
    assert dbmate_program().is_file()
