"""What a measurement needs beside the program: data, weights, a browser, packages.

Where it is missing, one sentence says so, before anything is started.
"""

import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from demo.errors import DemoError

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WEIGHTS = DATA / "weights"
_BROWSERS = ("chromium", "google-chrome")


class MissingError(Exception):
    """One sentence: what is missing, and what would be right."""


def run(main: Callable[[list[str]], int | None]) -> NoReturn:
    """Run a command with the words behind it and exit with its status.

    The status is 2, after one sentence on standard error, where something is missing or refused.
    """
    try:
        status = main(sys.argv[1:])
    except (MissingError, DemoError) as problem:
        print(problem, file=sys.stderr)
        status = 2
    sys.exit(status)


def data(*names: str) -> None:
    """Check for files or folders below the data folder. Raises MissingError."""
    for name in names:
        if not (DATA / name).exists():
            raise MissingError(
                f"This measurement needs {name} in the folder ../shared/data beside the project, "
                "which README.md describes under “How fast it is”."
            )


def weights(*names: str) -> None:
    """Check for weight files by name in the data folder. Raises MissingError."""
    data(*(f"weights/{name}" for name in names))


def packages(*names: str) -> None:
    """Check for Python packages that only measurements and tests need. Raises MissingError."""
    for name in names:
        if find_spec(name) is None:
            raise MissingError(
                f"This measurement needs the Python package {name}; install it by "
                "`pip install -r requirements-dev.txt`."
            )


def chromium() -> str:
    """The path of the machine's browser. Raises MissingError."""
    for name in _BROWSERS:
        if (path := shutil.which(name)) is not None:
            return path
    raise MissingError(
        "This measurement needs a Chromium on this machine; Debian's package of it is chromium."
    )
