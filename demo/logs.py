"""Logging of the program's own loggers to standard error."""

import logging

_ROOT = "demo"
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str) -> None:
    """Write records of the loggers under `demo` to standard error, from `level` on.

    Other libraries' loggers stay as they are. A second call replaces the first one's choice.

    Args:
        level: debug, info, warning or error.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger = logging.getLogger(_ROOT)
    logger.handlers = [handler]
    logger.setLevel(level.upper())
