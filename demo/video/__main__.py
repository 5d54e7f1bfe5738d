"""Command line: python -m demo.video IN OUT.mp4 --model NAME."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo import logs
from demo.errors import DemoError
from demo.settings import Settings
from demo.system import settle_heaps

if TYPE_CHECKING:
    from demo.inference.engine import Engine
    from demo.video.pipeline import VideoRun

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Sent by people and service managers; the temporary files have to go with the program."""


def parse(words: list[str]) -> argparse.Namespace:
    """The arguments of the command."""
    parser = argparse.ArgumentParser(prog="python -m demo.video", description=__doc__)
    parser.add_argument("source", type=Path, metavar="IN", help="an MP4, MOV or WebM video")
    parser.add_argument("target", type=Path, metavar="OUT.mp4", help="the annotated video")
    parser.add_argument("--model", metavar="NAME", help="a detector or classifier; else the best")
    parser.add_argument("--confidence", type=float, help="lowest score of a box")
    parser.add_argument("--iou", type=float, help="overlap that makes boxes duplicates")
    parser.add_argument("--classes", default="", metavar="A,B", help="only these; else all")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="run the model on each N-th frame"
    )
    parser.add_argument(
        "--track", action=argparse.BooleanOptionalAction, default=True, help="ids and trails"
    )
    parser.add_argument("--hide", default="", metavar="A,B", help="make these unrecognisable")
    parser.add_argument("--heat", action="store_true", help="overlay a heat map of box centres")
    parser.add_argument("--line", metavar="X0,Y0,X1,Y1", help="count what crosses it, pixels")
    for kind, what in (("json", "results"), ("csv", "results"), ("mot", "MOTChallenge tracks")):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"write {what} there")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run the command; the exit status. Ctrl-C stops early and keeps the frames that are done."""
    arguments = parse(words)
    try:
        _process(arguments)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _process(arguments: argparse.Namespace) -> None:
    from demo.inference.local_engine import LocalEngine

    settle_heaps()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log)
    engine = LocalEngine(settings, converts=True)
    try:
        run = _run(engine, settings, arguments)
        before = {number: signal.signal(number, lambda *_: run.stop()) for number in _SIGNALS}
        try:
            _follow(run)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        print(_summary_text(run, arguments.target))
    finally:
        engine.close()


def _run(engine: "Engine", settings: Settings, arguments: argparse.Namespace) -> "VideoRun":
    from demo.tasks.detect import default_thresholds
    from demo.tracking.line_counter import CountingLine
    from demo.tracking.options import StreamOptions
    from demo.video.limits import VideoLimits
    from demo.video.pipeline import VideoRun
    from demo.video.reports import CsvReport, JsonReport, MotReport

    spec = engine.spec(arguments.model or engine.default("detect"))
    confidence, iou = default_thresholds(spec)
    options = StreamOptions(
        spec,
        confidence=confidence if arguments.confidence is None else arguments.confidence,
        iou=iou if arguments.iou is None else arguments.iou,
        classes=_names(arguments.classes),
        every=arguments.every,
        track=arguments.track,
        line=None if arguments.line is None else CountingLine.parse(arguments.line),
        blur=_names(arguments.hide),
        heat=arguments.heat,
    )
    kinds = ((JsonReport, arguments.json), (CsvReport, arguments.csv), (MotReport, arguments.mot))
    reports = [kind(target) for kind, target in kinds if target is not None]
    limits = VideoLimits.of(settings)
    return VideoRun(engine, arguments.source, arguments.target, options, limits, reports)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _follow(run: "VideoRun") -> None:
    """Show the progress: on a terminal in one line that is overwritten, elsewhere at the end."""
    terminal = sys.stderr.isatty()
    for progress in run.steps():
        if terminal:
            print(f"\r{progress.text():<60}", end="", file=sys.stderr, flush=True)
    print(f"\r{progress.text():<60}" if terminal else progress.text(), file=sys.stderr)


def _summary_text(run: "VideoRun", target: Path) -> str:
    facts = run.summary
    lines = [f"{target}: {facts['frames_seen']} frames, {facts['model']}"]
    if "tracks" in facts:
        lines.append(f"tracks: {json.dumps(facts['tracks'], ensure_ascii=False)}")
    if "crossings" in facts:
        lines.append(f"crossings: {json.dumps(facts['crossings'], ensure_ascii=False)}")
    lines += [note["text"] for note in facts["notes"]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
