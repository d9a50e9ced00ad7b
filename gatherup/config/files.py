"""Secrets in files: ``NAME_FILE`` names a file that holds the value of the secret setting ``NAME``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from gatherup.config.leaves import leaves

FILE_SUFFIX: Final = "_FILE"
FILE_BYTES_MAX: Final = 65_536


class Given(Struct, frozen=True, kw_only=True):
    """The variables of an environment, with what files hold in place of their names."""

    values: dict[str, str]
    sources: dict[str, str]
    """The variable that says a setting's value, where that isn't its own."""
    problems: dict[str, str]
    """By setting, a sentence for what gives no value."""


def with_files(environment: Mapping[str, str]) -> Given:
    """These variables, and the secrets from the files that they name. An empty variable counts as unset."""
    given = Given(values=dict(environment), sources={}, problems={})
    for name in (leaf.variable for leaf in leaves() if leaf.secret):
        source = name + FILE_SUFFIX
        path = given.values.pop(source, "")
        if not path:
            continue
        if given.values.get(name):
            given.problems[name] = f"{source}: {name} is set too; unset one of them"
            continue
        given.sources[name] = source
        try:
            given.values[name] = _content(Path(path))
        except ValueError as error:
            given.problems[name] = f"{source}: {path} {error}"
    return given


def _content(path: Path) -> str:
    """The text of a file without the line breaks at its end. Raises ValueError with a reason."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ValueError("is not a file")
        with path.open("rb") as file:
            read = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from None
    if len(read) > FILE_BYTES_MAX:
        raise ValueError(f"holds more than {FILE_BYTES_MAX} bytes")
    try:
        text = read.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("holds no UTF-8 text") from None
    if not text:
        raise ValueError("is empty")
    return text
