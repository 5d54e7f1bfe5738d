"""Data sets and weights from their official source, downloaded by torchvision."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import httpx

from demo.errors import DemoError
from demo.inference.download import PATIENCE_S, STALL_S, open_https
from demo.inference.exchange import Exchange
from demo.settings import Settings

_log = logging.getLogger(__name__)

T = TypeVar("T")


def official(name: str, url: str, make: Callable[[bool], T]) -> T:
    """What `make(False)` finds here, else what `make(True)` downloads.

    torchvision by itself waits minutes for a server that cannot be reached.

    Args:
        name: of the data set or the weights, for people.
        url: where the download begins.
        make: opens it; True downloads it first. Raises RuntimeError for False where it is not here.

    Raises:
        DemoError: downloads are switched off, the server cannot be reached, or it breaks off.
    """
    with suppress(RuntimeError):
        return make(False)
    if Settings.from_env(os.environ).offline:
        raise DemoError("lab_data_offline", dataset=name)
    if not _reached(url):
        raise DemoError("lab_data_no_network", dataset=name)
    try:
        return make(True)
    except (OSError, RuntimeError) as error:
        _log.warning("download of %s: %s", name, error)
        raise DemoError("lab_data_broke", dataset=name) from None


def _reached(url: str) -> bool:
    exchange = Exchange(open_https(), url, httpx.Timeout(STALL_S, connect=PATIENCE_S))
    reached = exchange.reached.wait(PATIENCE_S) and exchange.connected
    exchange.abandon()
    return reached
