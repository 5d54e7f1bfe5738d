"""The arguments of `python -m demo.batch`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from demo.errors import DemoError

_EXAMPLE = "example: python -m demo.batch yolo-vitrine photos/ --out found --format yolo,csv"
_STATUS = "exit status: 0 all were answered, 1 some were not, 2 a wrong call, 130 stopped"


@dataclass(frozen=True, slots=True)
class Call:
    """What the command line says.

    values: options of the model's task by name, only those that were given.
    """

    model: str
    pictures: tuple[Path, ...]
    out: Path
    formats: tuple[str, ...]
    zipped: bool
    overwrite: bool
    values: dict[str, object] = field(default_factory=dict)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        raise DemoError("batch_wrong_call", message=message)


def parse(words: Sequence[str]) -> Call:
    """Read the arguments. Raises DemoError for a wrong one, SystemExit after the help."""
    known = _parser().parse_args(words)
    given = {
        "confidence": known.confidence,
        "iou": known.iou,
        "classes": None if known.classes is None else _names([known.classes]),
        "top_k": known.top_k,
        "size": known.size,
    }
    return Call(
        known.model,
        tuple(known.pictures),
        known.out,
        tuple(_names(known.format)),
        known.zip,
        known.overwrite,
        {name: value for name, value in given.items() if value is not None},
    )


def _names(texts: Sequence[str]) -> list[str]:
    return [name for text in texts for part in text.split(",") if (name := part.strip())]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m demo.batch",
        description="Answer many pictures with one model and write all answers at once.",
        epilog=f"{_EXAMPLE} — {_STATUS}",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help="name of a model, see python -m demo.weights list")
    add("pictures", metavar="PICTURES", nargs="+", type=Path, help="files, folders and ZIPs")
    add("--out", metavar="FOLDER", type=Path, required=True, help="where the files go")
    add(
        "--format",
        metavar="NAME",
        action="append",
        required=True,
        help="coco, yolo, voc, csv, json or annotated; several by commas",
    )
    add("--zip", action="store_true", help="write one ZIP file with the name of --out instead")
    add("--overwrite", action="store_true", help="replace an earlier export in --out")
    add("--confidence", metavar="SCORE", type=float, help="lowest score of a box, 0.01 to 1")
    add("--iou", metavar="SHARE", type=float, help="overlap that makes boxes duplicates, 0 to 1")
    add("--classes", metavar="A,B", help="only these classes; else all")
    add("--top-k", metavar="N", type=int, help="labels of a classifier, best first")
    add("--size", metavar="PIXELS", type=int, help="longest side of the network's input")
    return parser
