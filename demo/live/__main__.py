"""Command line: python -m demo.live SOURCE --model NAME."""

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING

from demo import logs
from demo.errors import DemoError
from demo.settings import Settings
from demo.system import settle_heaps

if TYPE_CHECKING:
    from demo.live.watch import Watch

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def parse(words: list[str]) -> argparse.Namespace:
    """The arguments of the command."""
    parser = argparse.ArgumentParser(prog="python -m demo.live", description=__doc__)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="number of a camera of this machine, a film, or the name or address of a camera of "
        "VITRINE_CAMERAS",
    )
    parser.add_argument("--model", metavar="NAME", help="a detector or classifier; else the best")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after so long")
    parser.add_argument("--confidence", type=float, help="lowest score of a box")
    parser.add_argument("--classes", default="", metavar="A,B", help="only these; else all")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Print a line a second and a table at the end, also after Ctrl-C; the exit status.

    It is 2 where the source is not there or fails, after one sentence about it.
    """
    arguments = parse(words)
    try:
        _watch(arguments)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _watch(arguments: argparse.Namespace) -> None:
    from demo.inference.local_engine import LocalEngine
    from demo.live.source import open_source
    from demo.live.watch import Watch

    settle_heaps()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log)
    engine = LocalEngine(settings, converts=True)
    try:
        with open_source(arguments.source, settings) as source:
            values = {
                "model": arguments.model or engine.default("detect"),
                "confidence": arguments.confidence,
                "classes": [name for name in arguments.classes.split(",") if name],
            }
            _follow(Watch(engine, source, values, arguments.seconds))
    finally:
        engine.close()


def _follow(watch: "Watch") -> None:
    """Print the lines, and the table of what was seen however it ends."""
    before = {number: signal.signal(number, lambda *_: watch.stop()) for number in _SIGNALS}
    try:
        for line in watch.lines():
            print(line, flush=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if summary := watch.summary():
            print(summary, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
