"""Figures of a measurement in a form that programs read: the option `--json FILE`."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.client import median

Value = float | str | list[float]
"""A number, a name, or a median with the lowest and the highest value."""
Figures = Mapping[str, Mapping[str, Value]]
"""Key of a row in rows.toml → its values by their names there."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add the option; its value is for `save`."""
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where the figures are written, for the README"
    )


def save(file: Path | None, figures: Figures) -> None:
    """Write the figures, where a file was named. A measurement calls it when all is measured."""
    if file is not None:
        file.write_text(json.dumps(figures, indent=1), "utf-8")


def spread(values: Sequence[float]) -> list[float]:
    """The median, the lowest and the highest of some values."""
    return [median(list(values)), min(values), max(values)]
