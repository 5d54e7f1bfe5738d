"""The command line: python -m demo.live IN OUT.mp4 --model NAME."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.settings import Settings
from demo.system import settle_heaps

if TYPE_CHECKING:
    from demo.inference.engine import Engine
    from demo.video.pipeline import Run

_ENDS = (signal.SIGINT, signal.SIGTERM)
"""What people and service managers send to end a program; the part files have to go with it."""


def parse(words: list[str]) -> argparse.Namespace:
    """The arguments of one command."""
    parser = argparse.ArgumentParser(prog="python -m demo.live", description=__doc__)
    parser.add_argument("source", type=Path, metavar="IN", help="an MP4, MOV or WebM video")
    parser.add_argument("goal", type=Path, metavar="OUT.mp4", help="the annotated video")
    parser.add_argument("--model", metavar="NAME", help="a detector or classifier; else the best")
    parser.add_argument("--confidence", type=float, default=0.25, help="least score of a box")
    parser.add_argument("--iou", type=float, default=0.7, help="overlap that makes boxes doubles")
    parser.add_argument("--classes", default="", metavar="A,B", help="only these; else all")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="look at each N-th frame")
    parser.add_argument(
        "--track", action=argparse.BooleanOptionalAction, default=True, help="ids and trails"
    )
    parser.add_argument("--hide", default="", metavar="A,B", help="make these unrecognisable")
    parser.add_argument("--heat", action="store_true", help="show where things have been")
    parser.add_argument("--line", metavar="X0,Y0,X1,Y1", help="count who crosses it, pixels")
    for kind, what in (("json", "answers"), ("csv", "answers"), ("mot", "MOTChallenge tracks")):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"write {what} there")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run one command; the exit status. Ctrl-C stops and keeps what is done."""
    arguments = parse(words)
    try:
        _work(arguments)
    except DemoError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _work(arguments: argparse.Namespace) -> None:
    from demo.inference.engine import Engine

    settle_heaps()
    settings = Settings.from_env(os.environ)
    engine = Engine(settings)
    try:
        run = _run(engine, settings, arguments)
        before = {number: signal.signal(number, lambda *_: run.stop()) for number in _ENDS}
        try:
            _follow(run)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        print(_told(run, arguments.goal))
    finally:
        engine.close()


def _run(engine: "Engine", settings: Settings, arguments: argparse.Namespace) -> "Run":
    from demo.tracking.line_counter import CountingLine
    from demo.tracking.stream import StreamOptions
    from demo.video.limits import VideoLimits
    from demo.video.pipeline import Run
    from demo.video.reports import CsvReport, JsonReport, MotReport

    wish = StreamOptions(
        model=arguments.model or engine.default("detect"),
        confidence=arguments.confidence,
        iou=arguments.iou,
        classes=_names(arguments.classes),
        every=arguments.every,
        track=arguments.track,
        line=None if arguments.line is None else CountingLine.parse(arguments.line),
        hide=_names(arguments.hide),
        heat=arguments.heat,
    )
    kinds = ((JsonReport, arguments.json), (CsvReport, arguments.csv), (MotReport, arguments.mot))
    reports = [kind(goal) for kind, goal in kinds if goal is not None]
    limits = VideoLimits.of(settings)
    return Run(engine, arguments.source, arguments.goal, wish, limits, reports)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _follow(run: "Run") -> None:
    """One line that is written over on a terminal, and one a report elsewhere."""
    terminal = sys.stderr.isatty()
    for progress in run.steps():
        if terminal:
            print(f"\r{progress.line():<60}", end="", file=sys.stderr, flush=True)
    print(f"\r{progress.line():<60}" if terminal else progress.line(), file=sys.stderr)


def _told(run: "Run", goal: Path) -> str:
    facts = run.summary
    lines = [f"{goal}: {facts['frames_seen']} frames, {facts['model']}"]
    for name in ("tracks", "crossings"):
        if name in facts:
            lines.append(f"{name}: {json.dumps(facts[name], ensure_ascii=False)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
