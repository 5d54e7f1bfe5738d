"""All measurements of the README, one after the other, and its table of speed in both languages.

python -m benchmarks                     run all, and write each result into measured.json and the
                                         READMEs as soon as it is there
python -m benchmarks --only rest video   some of them
python -m benchmarks --quick             try each out in as little time as it takes; writes nothing
python -m benchmarks --write             only write the table of the results that are kept

Nothing else should run on the machine meanwhile. Of a measurement that fails the old rows stay, and
the end says so; one that misses its bar is written, for it has measured. The status is 1 where one
failed or missed its bar.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import machine, needs, readme_table, results
from benchmarks.figures import Figures

PREFIX = "python -m benchmarks."


@dataclass(frozen=True)
class Measurement:
    """One command.

    words: module and options, as the README prints them behind `PREFIX`. minutes: about how long it
    takes on two cores. quick: options for a try. environ: variables that the README mentions.
    """

    words: str
    minutes: float
    quick: str
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> set[str]:
        """The rows that it fills."""
        return {row.key for row in readme_table.rows("en") if row.command == PREFIX + self.words}


MEASUREMENTS = (
    Measurement("detect_http", 3, "1"),
    Measurement("rest", 4, "--rounds 1 --each 2 --settle 5"),
    Measurement("rest --fast", 5, "--rounds 1 --each 2 --settle 5"),
    # torch's default choice of kernels makes the peer slow on some processors.
    Measurement("video", 8, "--rounds 1 --frames 40", {"ATEN_CPU_CAPABILITY": "avx2"}),
    Measurement("video_memory", 2, "--frames 200"),
    Measurement("tracking", 10, "--scenes 1 --frames 40"),
    Measurement("camera", 5, "--seconds 4"),
    Measurement("camera_soak", 32, "--minutes 1"),
    Measurement("interactive", 1, ""),
    Measurement("start", 5, "1"),
    Measurement("page", 6, "--rounds 1"),
    Measurement("load", 11, "--minutes 0.2"),
    Measurement("mutations", 45, "--count 20"),
    Measurement("crashes", 8, "--rounds 1"),
    Measurement("gpu", 6, "--quick"),
)


class FailedError(Exception):
    """Why a measurement has no new rows; a few words."""


def run(one: Measurement, quick: bool) -> tuple[Figures, bool]:
    """Run a measurement and show what it prints; its figures, and whether its bars hold.

    Raises FailedError.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        module, *options = one.words.split()
        words = [*options, *(one.quick.split() if quick else []), "--json", str(file)]
        ended = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{module}", *words],
            cwd=readme_table.ROOT,
            env={**os.environ, **one.environ},
            check=False,
        )
        if ended.returncode not in (0, 1) or (ended.returncode and not file.is_file()):
            raise FailedError(f"ended with status {ended.returncode}")
        if not file.is_file():
            raise FailedError("wrote no figures")
        found: Figures = json.loads(file.read_text("utf-8"))
    _check(found, one.keys)
    return found, ended.returncode == 0


def _check(found: Figures, keys: set[str]) -> None:
    if set(found) != keys:
        raise FailedError(f"has the rows {sorted(found)} instead of {sorted(keys)}")
    try:
        readme_table.told(found)
    except KeyError as fault:
        raise FailedError(f"has no value {fault.args[0]} for its row") from None


def chosen(names: Sequence[str]) -> list[Measurement]:
    """The measurements of the given modules, all for none. Raises MissingError."""
    known = {one.words.split()[0] for one in MEASUREMENTS}
    for name in names:
        if name not in known:
            raise needs.MissingError(
                f"There is no measurement {name} of the README; choose from {', '.join(known)}."
            )
    return [one for one in MEASUREMENTS if not names or one.words.split()[0] in names]


def keep(found: Figures) -> None:
    """Write new rows into the file of results and into the READMEs."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    fresh = results.updated(results.read(), found, machine.setup(), day)
    readme_table.write(fresh)
    results.write(fresh)


def main(words: list[str]) -> int:
    """Run what is chosen; returns 1 where something failed or missed its bar."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(words)
    if options.write:
        readme_table.write(results.read())
        return 0
    todo = chosen(options.only)
    if not options.quick:
        minutes = sum(one.minutes for one in todo)
        print(f"{len(todo)} measurements, about {minutes:.0f} minutes", flush=True)
    said = []
    for one in todo:
        print(f"\n{PREFIX}{one.words}", flush=True)
        try:
            found, held = run(one, options.quick)
        except FailedError as fault:
            said.append(f"{one.words} {fault}; its old rows stay")
            continue
        if not options.quick:
            keep(found)
        if not held:
            said.append(f"{one.words} misses a bar")
    print("", *(said or ["all have measured, and hold their bars"]), sep="\n")
    return 1 if said else 0


if __name__ == "__main__":
    needs.run(main)
