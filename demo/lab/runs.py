"""Trainings in a process of their own, with their own random numbers, threads and heaps.

The process is spawned: it shares neither torch's global generator nor its thread pool nor memory
with the caller, and it can be killed at any time, since checkpoints are replaced as whole files.
It ends with its caller, however that ends.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from demo.errors import DemoError
from demo.lab.kinds.base import find_kind
from demo.lab.options import TrainOptions
from demo.lab.recipe import Recipe
from demo.lab.training.progress import Progress, Record
from demo.system import settle_heaps

_log = logging.getLogger(__name__)

_STOP_S = 5.0
"""Seconds that `close` waits for the running step before it kills the process."""
_KILL_S = 2.0
"""Seconds within which a killed process is gone."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """The DemoError of a training, in a form that can be pickled."""

    key: str
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Finished:
    """Last message of a training that ended by itself or was stopped."""


class TrainingRun:
    """A training in a process of its own: iterate over its progress, stop it or kill it.

    Progress waits in a pipe until it is read; the training pauses while the pipe is full. One
    thread iterates; `stop` and `kill` may be called from any thread. As a context manager it ends
    the process with the block.
    """

    def __init__(self, name: str, process: BaseProcess, connection: Connection) -> None:
        """A run of the recipe `name`; use `start`."""
        self.name = name
        self._process = process
        self._connection = connection
        self._ended = False

    @classmethod
    def start(cls, recipe: Recipe, options: TrainOptions) -> Self:
        """Train `recipe` in a new process, which looks its kind up by name."""
        context = multiprocessing.get_context("spawn")
        connection, child_end = context.Pipe()
        process = context.Process(
            target=_work,
            args=(child_end, recipe, options),
            name=f"train {recipe.name}",
            daemon=True,
        )
        process.start()
        # Closed here, so that the death of the child is the end of the pipe.
        child_end.close()
        _log.info("training of %s started in process %s", recipe.name, process.pid)
        return cls(recipe.name, process, connection)

    @property
    def pid(self) -> int | None:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.is_alive()

    def __iter__(self) -> Iterator[Progress]:
        """Yield progress until the training ends, is stopped or is killed.

        Raises:
            DemoError: that of the training, or one that says that its process died.
        """
        while True:
            try:
                message: object = self._connection.recv()
            except (EOFError, OSError):
                self._check_death()
                return
            match message:
                case Progress():
                    yield message
                case _Failed():
                    self._ended = True
                    raise DemoError(message.key, **message.fields)
                case _:
                    self._ended = True
                    return

    def stop(self) -> None:
        """Ask the training to end after the running step; it does so in its own time."""
        with suppress(OSError):  # it has ended already
            self._connection.send(_Finished())

    def kill(self) -> None:
        """End the process within two seconds; the last whole epoch stays for a resumption."""
        self._ended = True
        self._process.kill()
        self._process.join(_KILL_S)

    def close(self) -> None:
        """Stop the training; kill it where the running step takes more than five seconds."""
        self._ended = True
        self.stop()
        deadline = time.monotonic() + _STOP_S
        with suppress(EOFError, OSError):
            while self._connection.poll(max(deadline - time.monotonic(), 0)):
                self._connection.recv()  # a full pipe would keep it from ending
        self.kill()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_death(self) -> None:
        """Raise DemoError where the process ended without a last message and was not killed."""
        if self._ended:
            return
        self._process.join(_KILL_S)
        code = self._process.exitcode
        _log.warning("training of %s died with exit status %s", self.name, code)
        raise DemoError("lab_run_died", name=self.name, code=code)


def _work(connection: Connection, recipe: Recipe, options: TrainOptions) -> None:
    """Body of the process: train, send progress, end when asked to or with the caller."""
    settle_heaps()
    # Ctrl-C reaches all processes of a terminal; the caller decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_caller, daemon=True).start()
    try:
        # Both a request to stop and the caller's end of the pipe being closed make it readable.
        for progress in _train(recipe, replace(options, stop_requested=connection.poll)):
            connection.send(progress)
        connection.send(_Finished())
    except DemoError as problem:
        connection.send(_Failed(problem.key, problem.fields))
    except BrokenPipeError:  # the caller has closed the run
        return


def _end_with_caller() -> None:
    caller = multiprocessing.parent_process()
    if caller is not None:
        caller.join()
        os._exit(1)


def _train(recipe: Recipe, options: TrainOptions) -> Iterator[Progress]:
    """Train with the recipe's seed and the given number of threads; keeps the run's record."""
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        raise DemoError("lab_no_cuda")
    torch.set_num_threads(options.threads)
    torch.manual_seed(recipe.seed)
    record = Record(options.run, options.epochs, _machine(options), options.resume)
    for progress in find_kind(recipe.kind).train(recipe, options):
        record.note(progress)
        yield progress


def _machine(options: TrainOptions) -> str:
    """The machine in words, for the card."""
    if options.device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    cores = "core" if options.threads == 1 else "cores"
    return f"{options.threads} CPU {cores}"
