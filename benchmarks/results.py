"""The figures that stand in the README, each with the day and the machine that it is of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

from benchmarks.figures import Figures, Value
from benchmarks.machine import Setup

FILE = Path(__file__).with_name("measured.json")
BEFORE = "before"
"""In place of a day: measured before days and machines were written down."""


class Result(TypedDict):
    """The values of one row. measured: a day, or `BEFORE`; setup: a key of `Results.setups`."""

    measured: str
    setup: NotRequired[str]
    values: Mapping[str, Value]


class Results(TypedDict):
    """The content of the file. setups: letter → machine; rows: key in rows.toml → result."""

    setups: dict[str, Setup]
    rows: dict[str, Result]


def read(file: Path | None = None) -> Results:
    """The results of a file, by default those of the READMEs."""
    kept: Results = json.loads((file or FILE).read_text("utf-8"))
    return kept


def write(results: Results) -> None:
    """Replace the file as a whole."""
    fresh = FILE.with_suffix(".new")
    fresh.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(FILE)


def updated(results: Results, figures: Figures, setup: Setup, day: str) -> Results:
    """The results with the rows of a new measurement; machines without a row are left out."""
    letter = next((one for one, known in results["setups"].items() if known == setup), None)
    letter = letter or _free_letter(results["setups"])
    setups = {**results["setups"], letter: setup}
    rows = dict(results["rows"])
    for key, values in figures.items():
        rows[key] = {"measured": day, "setup": letter, "values": values}
    used = {row.get("setup") for row in rows.values()}
    return {"setups": {k: v for k, v in setups.items() if k in used}, "rows": rows}


def _free_letter(setups: Mapping[str, Setup]) -> str:
    return next(chr(code) for code in range(ord("A"), 0x110000) if chr(code) not in setups)
