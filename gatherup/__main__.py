"""``python -m gatherup`` is ``gatherup``."""

from gatherup.cli import main

main(prog_name="gatherup")
