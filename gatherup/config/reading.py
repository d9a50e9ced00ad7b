"""From the environment to the tree, strictly."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from gatherup.config.files import FILE_SUFFIX, Given, with_files
from gatherup.config.leaves import PREFIX, SEPARATOR, Leaf, leaves, secret_type, sections
from gatherup.config.secret import DatabaseUrl
from gatherup.config.tree import Config
from gatherup.origins import problems_of

B = TypeVar("B", bound=Struct)


class ConfigError(Exception):
    """The environment makes no configuration; ``problems`` has a sentence for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _parse(leaf: Leaf, text: str) -> object:
    """The value of one variable. Raises ValueError with a reason that doesn't repeat a secret."""
    if (secret := secret_type(leaf.type)) is not None:
        return secret(text)
    given = [part.strip() for part in text.split(SEPARATOR)] if leaf.several else text
    try:
        return msgspec.convert(given, leaf.type, strict=False)
    except msgspec.ValidationError as error:
        words = ", ".join(leaf.choices)
        reason = (
            (f"each must be one of {words}" if leaf.several else f"must be one of {words}")
            if words
            else error
        )
        raise ValueError(f"{text!r} is not allowed: {reason}") from None


def read(environment: Mapping[str, str]) -> Config:
    """The configuration these variables make, and the files that they name. An empty variable counts as unset.

    Raises ConfigError.
    """
    known = {leaf.variable: leaf for leaf in leaves()}
    given = with_files(environment)
    unknown = [
        f"{name}: there is no such setting"
        for name in sorted(given.values)
        if name.startswith(PREFIX) and name not in known
    ]
    values, problems = _values(known.values(), given)
    if unknown or problems:
        raise ConfigError(unknown + problems)
    branches = {name: branch(**values[name]) for name, branch in sections().items()}
    config = Config(**cast("dict[str, Any]", branches))
    _check_together(config)
    return config


def branch(environment: Mapping[str, str], wanted: type[B]) -> B:
    """One branch of the tree alone, for commands that need no other. Raises ConfigError."""
    section = next(name for name, branch in sections().items() if branch is wanted)
    values, problems = _values(
        (leaf for leaf in leaves() if leaf.section == section), with_files(environment)
    )
    if problems:
        raise ConfigError(problems)
    return wanted(**values[section])


def _values(wanted: Iterable[Leaf], given: Given) -> tuple[dict[str, dict[str, object]], list[str]]:
    """What these leaves are set to, by section and field, and what is wrong with them."""
    values: dict[str, dict[str, object]] = {name: {} for name in sections()}
    problems: list[str] = []
    for leaf in wanted:
        name = leaf.variable
        if name in given.problems:
            problems.append(given.problems[name])
        elif text := given.values.get(name):
            try:
                values[leaf.section][leaf.field] = _parse(leaf, text)
            except ValueError as error:
                problems.append(f"{given.sources.get(name, name)}: {error}")
        elif leaf.required:
            problems.append(_missing(leaf))
    return values, problems


def _missing(leaf: Leaf) -> str:
    wanted = "must be set"
    if leaf.secret:
        wanted += f", or {leaf.variable}{FILE_SUFFIX} to the path of a file that holds it"
    return f"{leaf.variable}: {wanted}. {leaf.description}"


def _check_together(config: Config) -> None:
    """What no single variable can tell. Raises ConfigError."""
    if config.postgres.committers > config.postgres.connections_max - 2:
        raise ConfigError(
            ["GATHERUP_POSTGRES_COMMITTERS: must leave at least 2 of GATHERUP_POSTGRES_CONNECTIONS_MAX"]
        )
    if wrong := problems_of(config.stream.allowed_origins or ()):
        raise ConfigError([f"GATHERUP_STREAM_ALLOWED_ORIGINS: {sentence}" for sentence in wrong])
    if config.auth.token_key == config.runtime.receipt_key:
        raise ConfigError(["GATHERUP_RUNTIME_RECEIPT_KEY: must differ from GATHERUP_AUTH_TOKEN_KEY"])
    if config.redis.url is None and "stream" not in config.node.roles:
        raise ConfigError(
            ["GATHERUP_ROLES: without stream REDIS_URL must be set, to reach the nodes that have that role"]
        )
    if config.redis.url is not None and config.cluster.secret is None:
        raise ConfigError(["GATHERUP_CLUSTER_SECRET: must be set when REDIS_URL is"])
    if config.cluster.secret in {config.auth.token_key, config.runtime.receipt_key}:
        raise ConfigError(
            [
                "GATHERUP_CLUSTER_SECRET: must differ from GATHERUP_AUTH_TOKEN_KEY and GATHERUP_RUNTIME_RECEIPT_KEY"
            ]
        )


def database_url(environment: Mapping[str, str]) -> DatabaseUrl:
    """The one setting that commands on the database need. Raises ConfigError."""
    leaf = next(leaf for leaf in leaves() if secret_type(leaf.type) is DatabaseUrl)
    values, problems = _values([leaf], with_files(environment))
    if problems:
        raise ConfigError(problems)
    return cast("DatabaseUrl", values[leaf.section][leaf.field])


def from_files(environment: Mapping[str, str]) -> dict[str, str]:
    """These variables, with what files hold in place of their names. Raises ConfigError."""
    given = with_files(environment)
    if given.problems:
        raise ConfigError(list(given.problems.values()))
    return given.values


def environment() -> dict[str, str]:
    """A copy of this process's variables."""
    return dict(os.environ)
