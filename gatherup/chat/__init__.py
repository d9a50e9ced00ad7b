"""``gatherup chat``: a terminal chat on the SDK. Lines in are posts, events out are lines.

On a terminal prompt_toolkit edits the line, in a worker thread of its own; otherwise lines are read from stdin and
written to stdout, so programs can drive it too.
"""

from gatherup.chat.command import command

__all__ = ["command"]
