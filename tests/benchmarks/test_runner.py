"""The runner of all measurements: what it keeps, and what it does with those that fail."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks import machine, needs, readme_table, results
from benchmarks.__main__ import MEASUREMENTS, FailedError, Measurement

FIGURES = {"video_memory.growth": {"growth_mb": 1.5}}
FLAGS = "model name\t: Abacus 3000\nflags\t\t: fpu avx2 avx512f amx_bf16 amx_tile\n"

Run = Callable[[str], Measurement]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A measurement of another folder whose program is the given one; its row is that of memory."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(readme_table, "ROOT", tmp_path)

    def make(source: str) -> Measurement:
        (folder / "video_memory.py").write_text(f"import os, sys\n{source}\n", "utf-8")
        return Measurement("video_memory", 1, "--frames 2", {"ABACUS": "yes"})

    return make


def saying(text: str, status: int = 0) -> str:
    """A program that writes a text for its figures and ends with a status."""
    return f"open(sys.argv[-1], 'w').write({text!r})\nsys.exit({status})"


def test_every_row_is_filled_by_one_measurement() -> None:
    keys = [key for one in MEASUREMENTS for key in one.keys]
    assert sorted(keys) == sorted(row.key for row in readme_table.rows("en"))
    assert all(one.keys for one in MEASUREMENTS)


def test_figures_are_those_that_the_program_writes(program: Run) -> None:
    assert runner.run(program(saying(json.dumps(FIGURES))), False) == (FIGURES, True)


def test_a_missed_bar_is_no_failure(program: Run) -> None:
    assert runner.run(program(saying(json.dumps(FIGURES), 1)), False) == (FIGURES, False)


def test_it_is_given_its_variables_and_when_quick_its_options(program: Run) -> None:
    source = "assert os.environ['ABACUS'] == 'yes'\nassert sys.argv[1:3] == ['--frames', '2']\n"
    assert runner.run(program(source + saying(json.dumps(FIGURES))), True)[1]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("sys.exit(2)", "status 2"),
        ("raise RuntimeError('teapot')", "status 1"),
        ("pass", "no figures"),
        (saying(json.dumps(FIGURES), 3), "status 3"),
        (saying('{"page.tap": {"seconds": 1.0}}'), "page.tap"),
        (saying('{"video_memory.growth": {}}'), "growth_mb"),
    ],
)
def test_what_fails_has_no_rows(program: Run, source: str, said: str) -> None:
    with pytest.raises(FailedError, match=said):
        runner.run(program(source), False)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Copies of the results and of both READMEs, which are written in place of the real ones."""
    file = tmp_path / "measured.json"
    file.write_bytes(results.FILE.read_bytes())
    monkeypatch.setattr(results, "FILE", file)
    copies = {}
    for language, path in readme_table.READMES.items():
        copies[language] = tmp_path / path.name
        copies[language].write_bytes(path.read_bytes())
    monkeypatch.setattr(readme_table, "READMES", copies)
    return file, copies["en"]


def test_new_rows_are_written_into_the_file_and_both_readmes(
    program: Run, kept: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, english = kept
    monkeypatch.setattr(runner, "MEASUREMENTS", (program(saying(json.dumps(FIGURES))),))
    assert runner.main([]) == 0
    row = results.read(file)["rows"]["video_memory.growth"]
    assert row["values"] == FIGURES["video_memory.growth"]
    assert results.read(file)["setups"][row["setup"]] == machine.setup()
    assert "| +1.5 MB | |" in english.read_text("utf-8")
    assert "| +1.5 MB | |" in english.with_name("README.zh-CN.md").read_text("utf-8")


@pytest.mark.parametrize(("words", "status"), [([], 3), (["--quick"], 0)], ids=["failed", "quick"])
def test_nothing_is_written_for_a_failure_or_a_try(
    program: Run,
    kept: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
) -> None:
    file, english = kept
    before = file.read_bytes(), english.read_bytes()
    measurement = program(saying(json.dumps(FIGURES), status))
    monkeypatch.setattr(runner, "MEASUREMENTS", (measurement,))
    assert runner.main(words) == (1 if status else 0)
    assert (file.read_bytes(), english.read_bytes()) == before
    assert ("its old rows stay" in capsys.readouterr().out) == bool(status)


def test_one_that_fails_does_not_stop_the_next(
    program: Run, kept: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    works = program(saying(json.dumps(FIGURES)))
    broken = replace(works, words="teapots")
    monkeypatch.setattr(runner, "MEASUREMENTS", (broken, works))
    assert runner.main([]) == 1
    assert results.read(kept[0])["rows"]["video_memory.growth"]["values"] == {"growth_mb": 1.5}


def test_some_are_chosen_by_name() -> None:
    assert [one.words for one in runner.chosen(["rest", "gpu"])] == ["rest", "rest --fast", "gpu"]
    assert runner.chosen([]) == list(MEASUREMENTS)
    with pytest.raises(needs.MissingError, match="teapots"):
        runner.chosen(["teapots"])


def test_a_processor_is_described_by_its_flags() -> None:
    assert machine.supported(FLAGS) == ["AVX2", "AVX512", "AMX"]
    assert machine.supported("") == []
    here = machine.setup()
    assert here["processor"]
    assert here["cores"] >= 1
    assert here["versions"]["torch"].startswith("2.")
