"""The command ``gatherup rehearse``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from gatherup.chat.screen import printable
from gatherup.rehearse.definition import BYTES_MAX, DefinitionError, read
from gatherup.rehearse.printed import printed
from gatherup.rehearse.world import World

WRONG_FILE: Final = 2


@click.command("rehearse")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the one of the file.")
@click.option("--json", "as_json", is_flag=True, help="The course as one line of JSON.")
def rehearse(file: Path, seed: int | None, as_json: bool) -> None:
    """Play the tournament that FILE defines, with simulated people, and print its course.

    FILE holds what POST /v1/tournaments takes, and under `rehearsal` how people behave. Nothing is kept, no server is
    needed, and no time passes. Exits 2 if there can't be such a tournament.
    """
    try:
        with file.open("rb") as opened:
            definition = read(opened.read(BYTES_MAX + 1))
        if seed is not None:
            how = msgspec.structs.replace(definition.rehearsal, seed=seed)
            definition = msgspec.structs.replace(definition, rehearsal=how)
        told = World(definition).run()
    except DefinitionError as error:
        click.echo(printable(str(error)), err=True)
        sys.exit(WRONG_FILE)
    if as_json:
        click.echo(msgspec.json.encode(told))
        return
    for line in printed(told):
        click.echo(printable(line))
