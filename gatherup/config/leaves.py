"""What every setting is called, may hold and says of itself: read off the tree."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, Literal, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from gatherup.config.secret import Secret
from gatherup.config.tree import Config

PREFIX: Final = "GATHERUP_"
SEPARATOR: Final = ","
"""Between the values of a setting that holds several."""


class Leaf(Struct, frozen=True):
    """One setting: where it stands in the tree, its variable, its type and what it says of itself."""

    section: str
    field: str
    variable: str
    type: Any
    required: bool
    default: object
    description: str

    @property
    def secret(self) -> bool:
        """Whether its value must not be shown."""
        return secret_type(self.type) is not None

    @property
    def several(self) -> bool:
        """Whether it holds a list of values."""
        return any(get_origin(kind) is tuple for kind in _plain_types(self.type))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, or each of several; empty if it isn't a choice of words."""
        kinds = _plain_types(self.type)
        each = [one for kind in kinds for one in (get_args(kind) if get_origin(kind) is tuple else (kind,))]
        return tuple(word for kind in each if get_origin(kind) is Literal for word in get_args(kind))


def _plain_types(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _plain_types(get_args(annotation)[0])
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def secret_type(annotation: Any) -> type[Secret] | None:
    """The kind of secret that a leaf of this type holds, if it does."""
    return next((t for t in _plain_types(annotation) if isinstance(t, type) and issubclass(t, Secret)), None)


def sections() -> dict[str, type[Struct]]:
    """The tree's branches by name."""
    return cast("dict[str, type[Struct]]", get_type_hints(Config))


def leaves() -> Iterator[Leaf]:
    """Every setting, in the tree's order."""
    for section, branch in sections().items():
        for field in msgspec.structs.fields(branch):
            metas = [m for m in get_args(field.type)[1:] if isinstance(m, Meta)]
            extra = {k: v for m in metas for k, v in (m.extra or {}).items()}
            yield Leaf(
                section,
                field.name,
                extra.get("variable", f"{PREFIX}{section}_{field.name}".upper()),
                field.type,
                field.required,
                None if field.required else field.default,
                " ".join(m.description for m in metas if m.description),
            )


def shown(config: Config) -> str:
    """The tree as ``VARIABLE=value`` lines, secrets hidden."""
    lines: list[str] = []
    for leaf in leaves():
        value = getattr(getattr(config, leaf.section), leaf.field)
        lines.append(f"{leaf.variable}={_text(value)}")
    return "\n".join(lines)


def example() -> str:
    """The text of ``.env.example``: every variable, described; those with a default are commented out."""
    lines = [
        "# Every setting of GatherUp. `gatherup check-config` tells what is wrong with the ones you set.",
        "# Each secret NAME may also be in a file: NAME_FILE is its path then, and NAME stays unset.",
    ]
    for section, branch in sections().items():
        lines += ["", f"# --- {section}: {(branch.__doc__ or '').strip()}"]
        for leaf in (leaf for leaf in leaves() if leaf.section == section):
            line = f"{leaf.variable}={_text(leaf.default)}"
            lines += [f"# {leaf.description}", line if leaf.required else f"#{line}"]
    return "\n".join(lines) + "\n"


def _text(value: object) -> str:
    """A value as its variable holds it."""
    if isinstance(value, tuple):
        return SEPARATOR.join(cast("tuple[str, ...]", value))
    return "" if value is None else str(value)
