"""Threads that work on one picture each, with one thread of torch inside.

Two threads of torch that share two cores with anything else wait for each other after every
operation: a hue change of 20 ms then takes 500. And a sum of many numbers differs in its last bit
with the number of threads, so that pixels would depend on the machine.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from demo.system import cores

_Task = TypeVar("_Task")
_Answer = TypeVar("_Answer")
_LOCK = threading.Lock()


def in_parallel(work: Callable[[_Task], _Answer], tasks: Iterable[_Task]) -> list[_Answer]:
    """`work` of every task, in their order; raises what the first failing one raised."""
    with _LOCK:
        pool = _pool()
    return list(pool.map(work, tasks))


@cache
def _pool() -> ThreadPoolExecutor:
    """One worker a core.

    `torch.set_num_threads` holds for the thread that calls it and for all that start later, so the
    caller sets its own number again once every worker has started.
    """
    import torch

    size = cores()
    threads = torch.get_num_threads()
    started = threading.Barrier(size + 1)

    def single() -> None:
        torch.get_num_threads()  # a thread's first question sets its number, so ask before setting
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(size, "augment", initializer=single)
    for _ in range(size):
        pool.submit(lambda: None)
    started.wait()
    torch.set_num_threads(threads)
    return pool
