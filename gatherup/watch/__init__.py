"""``gatherup watch``: a live bracket in the terminal, on the SDK.

A terminal shows the bracket, which changes in place; anything else gets a plain line for each thing that happens.
"""

from gatherup.watch.command import command

__all__ = ["command"]
