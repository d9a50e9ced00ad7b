"""Made-up later releases of GatherUp, as far as migrations go."""

from __future__ import annotations

import shutil
from pathlib import Path

from storage.postgres.schema.plan import FOLDER, RELEASES, Migrations, own


def newer_release(folder: Path, *, releases: int) -> Migrations:
    """The migrations of this version and of so many releases after it.

    Release n adds the column new_n to room in `pre`, which old nodes know nothing of, and drops its default in
    `post`: then old nodes can't open rooms any more.
    """
    shutil.copytree(FOLDER, folder)
    newest = max(migration.version for migration in own().ordered)
    closed = sorted({*(folder / RELEASES).read_text().split(), newest})
    for number in range(1, releases + 1):
        add, tighten = f"2999{number:08}01", f"2999{number:08}02"
        (folder / "pre" / f"{add}_add.sql").write_text(
            f"-- migrate:up\nalter table room add column new_{number} text not null default 'grey';\n-- migrate:down\n"
        )
        (folder / "post" / f"{tighten}_tighten.sql").write_text(
            f"-- migrate:up\nalter table room alter column new_{number} drop default;\n-- migrate:down\n"
        )
        closed.append(tighten)
    (folder / RELEASES).write_text("\n".join(closed) + "\n")
    return Migrations.read(folder)
