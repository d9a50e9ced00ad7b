"""The one configuration tree, read once from the environment and from nowhere else.

Every leaf is one variable: ``GATHERUP_<SECTION>_<FIELD>``, except those that carry a name of their own.
Reading is strict: unknown ``GATHERUP_`` variables, missing ones and bad values are all reported, by name.
Secrets are ``Secret`` values, whose text only ``reveal()`` gives away; each may also be in a file, ``NAME_FILE``.
"""

from gatherup.config.keeping import Keep
from gatherup.config.leaves import Leaf, example, leaves, sections, shown
from gatherup.config.reading import ConfigError, branch, database_url, environment, from_files, read
from gatherup.config.secret import (
    KEY_BYTES,
    DatabaseUrl,
    Key,
    Keys,
    OidcProvider,
    OidcProviders,
    RedisUrl,
    Secret,
)
from gatherup.config.tree import (
    DATA,
    NODE_NAME_CHARS_MAX,
    Canary,
    Cluster,
    Config,
    Http,
    Internal,
    Log,
    Mail,
    Stream,
    Traces,
    Webhooks,
)

__all__ = [
    "DATA",
    "KEY_BYTES",
    "NODE_NAME_CHARS_MAX",
    "Canary",
    "Cluster",
    "Config",
    "ConfigError",
    "DatabaseUrl",
    "Http",
    "Internal",
    "Keep",
    "Key",
    "Keys",
    "Leaf",
    "Log",
    "Mail",
    "OidcProvider",
    "OidcProviders",
    "RedisUrl",
    "Secret",
    "Stream",
    "Traces",
    "Webhooks",
    "branch",
    "database_url",
    "environment",
    "example",
    "from_files",
    "leaves",
    "read",
    "sections",
    "shown",
]
