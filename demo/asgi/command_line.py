"""The command line of `app.py`; what it leaves out comes from variables of the environment."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from demo.errors import DemoError

_VARIABLES = {
    "host": "GRADIO_SERVER_NAME",
    "port": "GRADIO_SERVER_PORT",
    "weights": "VITRINE_WEIGHTS",
}
"""Option → the variable in whose place it stands."""


class Options(NamedTuple):
    """What the command line says.

    environ: the variables, with those that an option stands for. share: whether the page gets a
    public link. model: file of the model that the page opens with; None for the best one.
    """

    environ: dict[str, str]
    share: bool
    model: Path | None


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read the arguments behind `app.py`.

    Raises DemoError for an unknown argument, an option without its value and a model that is not
    there; SystemExit after the help was printed.
    """
    known, unknown = _parser().parse_known_args(arguments)
    if unknown:
        raise DemoError("unknown_argument", got=unknown[0])
    if known.model is not None and not known.model.is_file():
        raise DemoError("own_missing", file=known.model.name)
    given = {name: getattr(known, name) for name in _VARIABLES}
    chosen = {_VARIABLES[name]: value for name, value in given.items() if value is not None}
    return Options({**environ, **chosen}, known.share, known.model)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        raise DemoError("wrong_argument", message=message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python app.py",
        description="Vitrine: a shop window for vision models. Serves its page until Ctrl+C.",
        epilog="All other settings are variables of the environment; README.md has their table.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--host",
        metavar="NAME",
        help="name or address to listen on (GRADIO_SERVER_NAME; "
        "127.0.0.1, this machine alone; 0.0.0.0 for the whole network)",
    )
    add("--port", metavar="N", help="port to listen on (GRADIO_SERVER_PORT; 7860)")
    add("--weights", metavar="FOLDER", help="folder of your own weight files (VITRINE_WEIGHTS)")
    add("--model", metavar="FILE", type=Path, help="open the page on this model of your own")
    add("--share", action="store_true", help="make a public link to the page, for 72 hours")
    return parser
