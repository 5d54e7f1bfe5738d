"""Exceptions of any kind as the DemoError that tells their cause."""

import logging

from demo.errors import DemoError
from demo.system import is_disk_full, is_out_of_memory

_log = logging.getLogger(__name__)


def explained(fault: BaseException) -> DemoError:
    """The sentence for a fault; an unexpected one is logged with its traceback."""
    known = recognised(fault)
    if known is not None:
        return known
    _log.error("an answer failed", exc_info=fault)
    return DemoError("internal_fault")


def recognised(fault: BaseException) -> DemoError | None:
    """The sentence for a fault, or for what it was raised from; None where the cause is unknown."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, DemoError):
            return cause
        if is_disk_full(cause):
            return DemoError("disk_full")
        if is_out_of_memory(cause):
            return DemoError("memory_full")
        cause = cause.__cause__
    return None
