"""Where log lines go in tests: through the standard library's logging to pytest, which shows those of a failing test.

structlog as it is imported prints to whatever ``sys.stdout`` is at that moment, which may be what another task of the
test compares: the output of a command, say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from gatherup.telemetry.logs import QUIET


def log_to_pytest() -> None:
    """Set structlog up for tests."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


@contextmanager
def logging_restored() -> Iterator[None]:
    """At the end of the block logs go where they went before, whatever ``configure_logs`` has done."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.NOTSET)
        log_to_pytest()
