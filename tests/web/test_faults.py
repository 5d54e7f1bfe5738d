"""Faults of answers: each is told by its cause, and one that nobody expected is logged."""

import errno
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, cast

import cv2
import numpy as np
import pytest
import torch

from demo.errors import DemoError
from demo.inference.engine import Status
from demo.service.service import Service
from demo.web.components.answering import progress_then_result
from demo.web.faults import explained, recognised


def too_much_for_torch() -> None:
    torch.empty(10**15)


def too_much_for_numpy() -> None:
    np.empty(10**15, np.float64)


def wrapped() -> None:
    try:
        raise MemoryError
    except MemoryError as error:
        raise ValueError("could not preprocess") from error


def fails(number: int) -> Callable[[], None]:
    def fail() -> None:
        raise OSError(number, "/opt/secret")

    return fail


@pytest.mark.parametrize(
    ("fail", "key"),
    [
        (too_much_for_torch, "memory_full"),
        (too_much_for_numpy, "memory_full"),
        (wrapped, "memory_full"),
        (fails(errno.ENOMEM), "memory_full"),
        (fails(errno.ENOSPC), "disk_full"),
        (fails(errno.EDQUOT), "disk_full"),
        (fails(errno.EFBIG), "disk_full"),
        (fails(errno.EACCES), None),
    ],
)
def test_a_shortage_is_told_as_what_it_is(fail: Callable[[], None], key: str | None) -> None:
    with pytest.raises((MemoryError, RuntimeError, ValueError, OSError)) as caught:
        fail()
    told = recognised(caught.value)
    assert (told and told.key) == key


def test_opencv_reports_memory_by_a_code() -> None:
    class NoMemory(cv2.error):
        code = -4

    told = recognised(NoMemory("(-4:Insufficient memory)"))
    assert told is not None
    assert told.key == "memory_full"
    assert recognised(cv2.error("(-215:Assertion failed)")) is None


def test_an_unexpected_fault_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    told = explained(KeyError("/opt/secret"))
    assert told.key == "internal_fault"
    assert "secret" not in str(told)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    caplog.clear()
    assert explained(DemoError("no_picture")).key == "no_picture"
    assert not caplog.records


class Workers:
    """A service of one thread, whose models are always loaded."""

    def __init__(self) -> None:
        self.engine = self
        self._threads = ThreadPoolExecutor(1)

    def submit(self, work: Callable[[], Any]) -> "Future[Any]":
        return self._threads.submit(work)

    def status(self, name: str) -> Status:
        return Status("ready")

    def size_bytes(self, name: str) -> int:
        return 1


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (TimeoutError(), "internal_fault"),
        (KeyError("x"), "internal_fault"),
        (MemoryError(), "memory_full"),
    ],
)
def test_a_fault_within_the_work_ends_the_wait(fault: Exception, key: str) -> None:
    """A TimeoutError of the work is not one of the wait, which would go on for ever."""

    def work() -> None:
        raise fault

    steps = progress_then_result(cast(Service, Workers()), "yolo", "en", work)
    with pytest.raises(DemoError) as caught:
        list(islice(steps, 100))
    assert caught.value.key == key
