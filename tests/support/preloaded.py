"""Python programs in processes that have imported torch already: each saves seconds.

As a program it imports torch and waits for orders, one a line. It forks for each of them, and its
copy goes on as `python -m MODULE …`, `python -c PROGRAM …` or `python FILE …`, to the interpreter's
own end.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self, TypedDict


class Order(TypedDict):
    """Which program runs where. printed: a folder for what it prints, `out` and `err`."""

    words: list[str]
    folder: str
    environ: dict[str, str]
    printed: str


class Preloaded:
    """Runs programs one after another, each in a process of its own."""

    def __init__(self) -> None:
        """Start the process that forks."""
        self._process = subprocess.Popen(
            # With -P the modules beside this file are not those that torch imports by their name.
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise

    def run(
        self, words: list[str], folder: Path, environ: dict[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run `python` with these words in a folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as printed:
            order = Order(words=words, folder=str(folder), environ=environ, printed=printed)
            print(json.dumps(order), file=self._process.stdin, flush=True)
            status = int(self._process.stdout.readline())
            out, err = (Path(printed, name).read_text("utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess(words, status, out, err)


def _next_order() -> Order:
    """Fork for each order: returns it in the copy, and never in this process."""
    for line in sys.stdin:
        copy = os.fork()
        if copy == 0:
            order: Order = json.loads(line)
            return order
        _, status = os.waitpid(copy, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    sys.exit()


def _become(order: Order) -> None:
    """Take on everything that differs from one program to another."""
    environ = order["environ"]
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(environ)
    printed = Path(order["printed"])
    for number, name in enumerate((Path(os.devnull), printed / "out", printed / "err")):
        file = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    more = environ.get("PYTHONPATH")
    sys.path[:0] = [order["folder"], *(more.split(os.pathsep) if more else ())]


if __name__ == "__main__":
    import torch  # noqa: F401
    import torchvision  # noqa: F401

    # A copy would else visit, and so duplicate, each object of torch again at its end.
    gc.freeze()
    taken = _next_order()
    _become(taken)
    match taken["words"]:
        case ["-m", program, *rest]:
            sys.argv = [program, *rest]
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        case ["-c", program, *rest]:
            sys.argv = ["-c", *rest]
            exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
        case [program, *rest]:
            sys.argv = [program, *rest]
            # In full: multiprocessing remembers the folder in which it was imported.
            runpy.run_path(str(Path(program).resolve()), run_name="__main__")
