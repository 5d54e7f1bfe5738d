"""The READMEs show the results that are kept, and nothing else."""

import re

import pytest

from benchmarks import readme_table, results
from benchmarks.figures import Figures
from benchmarks.machine import Setup
from tests.test_missing import BENCHMARKS, COMPLETE
from tests.test_readme import tables

MACHINE: Setup = {
    "processor": "Abacus 3000",
    "cores": 2,
    "supports": ["AVX2"],
    "gpu": "",
    "versions": {"torch": "2.11.0"},
}
FIGURES: Figures = {
    "video_memory.growth": {"growth_mb": -0.74},
    "page.tap": {"seconds": [0.76, 0.72, 0.83]},
    "page.html": {"kb": [58.61, 58.6, 58.62], "bar_kb": 60.0},
    "load.clients": {"equal": 6768, "answers": 6768, "ping_ms": 58.6, "growth_mb": 3.0},
}
KEPT = results.read()
OLD: results.Results = {
    "setups": {},
    "rows": {
        key: {"measured": results.BEFORE, "values": row["values"]}
        for key, row in KEPT["rows"].items()
    },
}
"""The kept values, all of them from before."""


def cells(text: str, what: str) -> list[str]:
    """The row of a table whose first cell begins so."""
    [row] = [row for table in tables(text) for row in table if row[0].startswith(what)]
    return row


@pytest.mark.parametrize("language", readme_table.READMES)
def test_the_readme_has_the_rows_of_the_results(language: str) -> None:
    """`python -m benchmarks --write` mends it."""
    readme = readme_table.READMES[language].read_text("utf-8")
    assert readme == readme_table.with_table(readme, readme_table.table(KEPT, language))


def test_every_result_has_a_row_and_every_row_a_command() -> None:
    english, chinese = readme_table.rows("en"), readme_table.rows("zh-CN")
    assert [(row.key, row.command) for row in english] == [(r.key, r.command) for r in chinese]
    assert len({row.key for row in english}) == len(english) >= 25
    assert set(KEPT["rows"]) <= {row.key for row in english}
    tried = set(BENCHMARKS) | COMPLETE
    for row in english:
        assert row.command.startswith("python -m benchmarks.")
        assert row.command.removeprefix("python -m benchmarks.") in tried
        assert row.key.partition(".")[0] == re.sub(r"\W+", "_", row.command.split(".", 1)[1])


def test_every_machine_that_is_kept_is_that_of_a_row_and_the_other_way_round() -> None:
    named = {row["setup"] for row in KEPT["rows"].values() if "setup" in row}
    assert named == set(KEPT["setups"])
    for row in KEPT["rows"].values():
        assert (row["measured"] == results.BEFORE) == ("setup" not in row)
        assert row["measured"] == results.BEFORE or re.fullmatch(
            r"20\d\d-\d\d-\d\d", row["measured"]
        )


def test_a_result_is_written_with_its_unit_its_ends_and_its_machine() -> None:
    made = readme_table.table(results.updated(OLD, FIGURES, MACHINE, "2026-11-27"), "en")
    assert cells(made, "memory over 10,000")[2:] == ["−0.7 MB", "", "A, 2026-11-27"]
    assert cells(made, "from that tap")[2:] == ["0.76 s (0.72–0.83)", "", "A, 2026-11-27"]
    assert cells(made, "HTML of the page")[2:4] == ["58.6 kB", "bar 60 kB"]
    assert "6,768 of 6,768; a small file meanwhile p99 59 ms" in cells(made, "ten minutes")[2]
    assert "\n- A: Abacus 3000, 2 cores; with AVX2, without AVX512, " in made
    assert cells(made, "half an hour") == cells(readme_table.table(OLD, "en"), "half an hour")


def test_the_chinese_table_is_in_chinese() -> None:
    made = readme_table.table(results.updated(OLD, FIGURES, MACHINE, "2026-11-27"), "zh-CN")
    assert cells(made, "从点击")[2:] == ["0.76 秒（0.72–0.83）", "", "A，2026-11-27"]
    assert "- A： Abacus 3000， 2 个核心； 支持 AVX2, 不支持 AVX512" in made


def test_what_was_never_measured_says_so() -> None:
    made = readme_table.table({"setups": {}, "rows": {}}, "en")
    assert {row[2] for row in tables(made)[0][1:]} == {"not measured yet"}


def test_a_value_that_is_missing_is_an_error() -> None:
    broken = results.updated(OLD, {"video_memory.growth": {}}, MACHINE, "2026-11-27")
    with pytest.raises(KeyError, match="growth_mb"):
        readme_table.table(broken, "en")


def test_a_machine_without_a_row_is_forgotten_and_letters_stay() -> None:
    other: Setup = {**MACHINE, "cores": 8}
    first = results.updated(OLD, {"page.tap": FIGURES["page.tap"]}, MACHINE, "2026-11-27")
    second = results.updated(first, {"page.html": FIGURES["page.html"]}, other, "2026-11-28")
    assert set(second["setups"]) == {"A", "B"}
    third = results.updated(second, {"page.tap": FIGURES["page.tap"]}, other, "2026-11-29")
    assert third["setups"]["B"] == other
    assert "A" not in third["setups"]
    assert third["rows"]["page.tap"]["setup"] == "B"


def test_a_readme_without_the_markers_is_not_written() -> None:
    with pytest.raises(ValueError, match="speed"):
        readme_table.with_table("| what |\n", "| new |")
