"""What is kept of lookup tables, and how long."""

from __future__ import annotations

from typing import Final

from gatherup.keeps import Keep

LOOKUPS: Final = Keep(what="lookups", tables=("lookup",), until="Kept for ever; admins retire entries.")
