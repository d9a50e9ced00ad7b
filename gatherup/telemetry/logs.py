"""Structured logs on standard error: ours and the libraries', in one format."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor

from gatherup.config import Log

QUIET: Final = ("hypercorn", "httpx", "httpcore", "urllib3")
"""Libraries whose lines below a warning name addresses and headers of others."""


def configure_logs(config: Log, node: str) -> None:
    """Send every log line of this process to standard error, one JSON object or one readable line each.

    Each names its ``node``, and what it is about as far as that is known: ``stream``, ``command`` and ``client_id``,
    ``session``, ``endpoint``.
    """

    def name_node(_logger: object, _method: str, line: EventDict) -> EventDict:
        line.setdefault("node", node)
        return line

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_node,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if config.format == "json"
        # The default formatter prints the variables of every frame, tokens and passwords among them.
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
