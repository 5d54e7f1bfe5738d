"""The table that the measurement of the page prints stands in the README."""

from benchmarks.page import Rounds, rows
from tests.conftest import ROOT
from tests.test_readme import tables

ROUNDS = Rounds(
    first_answer_s=[2.0, 1.504, 1.75],
    tap_s=[0.25, 0.25, 0.25],
    html_bytes=[55_210, 55_210, 55_190],
    answer_bytes=[333_900, 334_100, 340_000],
    shift={1440: [0.0, 0.0, 0.001], 390: [0.012, 0.01, 0.011]},
)


def test_each_figure_has_its_median_and_its_spread() -> None:
    table = rows(ROUNDS)
    cells = [row.strip("|").split("|")[2].strip() for row in table[2:]]
    assert cells == [
        "1.75 s (1.50–2.00)",
        "0.25 s",
        "55.2 kB",
        "334 kB (334–340)",
        "0.000 (0.000–0.001), 0.011 (0.010–0.012)",
    ]


def test_the_readme_has_these_rows() -> None:
    printed = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows(ROUNDS)]
    [table] = [t for t in tables((ROOT / "README.md").read_text("utf-8")) if t[0] == printed[0]]
    shown = {(row[0], row[1], row[3]) for row in table}
    assert {(row[0], row[1], row[3]) for row in printed[2:]} <= shown
