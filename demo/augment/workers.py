"""A thread pool of one worker a core, each with a single torch thread.

Torch's own threads synchronise after every operation, so on shared cores they mostly wait: a hue
change of 20 ms then takes 500. And the last bit of a sum depends on the number of threads, so
pixels would depend on the machine.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from demo.augment.torchvision_import import import_torchvision
from demo.system import cores

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_LOCK = threading.Lock()


def in_parallel(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """`work` applied to every item, results in order; raises the first failing item's error."""
    with _LOCK:
        pool = _pool()
    return list(pool.map(work, items))


@cache
def _pool() -> ThreadPoolExecutor:
    """The pool, with every worker started.

    `torch.set_num_threads` holds for the calling thread and for all threads started later, so the
    caller's number is restored once every worker has started.
    """
    import torch

    import_torchvision()
    size = cores()
    threads = torch.get_num_threads()
    started = threading.Barrier(size + 1)

    def use_one_thread() -> None:
        torch.get_num_threads()  # the first call in a thread resets its number, so call it first
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(size, "augment", initializer=use_one_thread)
    for _ in range(size):
        pool.submit(lambda: None)
    started.wait()
    torch.set_num_threads(threads)
    return pool
