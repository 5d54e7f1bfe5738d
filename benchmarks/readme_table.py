"""The table of speed of both READMEs, made of rows.toml and of the results that are kept."""

import string
import textwrap
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.machine import INSTRUCTIONS, Setup
from benchmarks.results import BEFORE, Results

ROOT = Path(__file__).resolve().parents[1]
READMES = {"en": ROOT / "README.md", "zh-CN": ROOT / "README.zh-CN.md"}
START, END = "<!-- speed: python -m benchmarks -->", "<!-- /speed -->"
_LINE = 116


@dataclass(frozen=True)
class Row:
    """One row: `here` and `against` are formats of its values, in the words of one language."""

    key: str
    command: str
    what: str
    here: str
    against: str = ""


@dataclass(frozen=True)
class _Words:
    head: Sequence[str]
    same: str
    earlier: str
    never: str
    comma: str
    brackets: str
    setup: str
    supports: str
    lacks: str


_WORDS = {
    "en": _Words(
        ("what", "command", "here", "against", "measured"),
        *("the same", "earlier", "not measured yet", ", ", " ({}–{})"),
        *("- {}: {}, {} cores; {}; {}.", "with {}", "without {}"),
    ),
    "zh-CN": _Words(
        ("项目", "命令", "本项目", "对照", "测量"),
        *("同上", "较早", "尚未测量", "，", "（{}–{}）"),
        *("- {}： {}， {} 个核心； {}； {}。", "支持 {}", "不支持 {}"),
    ),
}


class _Cell(string.Formatter):
    """Formats values: `{x:.1f| ms}` is a number with its unit, and the spread of a list behind."""

    def __init__(self, words: _Words) -> None:
        self._words = words

    def format_field(self, value: object, format_spec: str) -> str:
        """A number, a name, or the median of a list and, where they differ, its ends."""
        form, _, unit = format_spec.partition("|")
        if not isinstance(value, list):
            return _signed(format(value, form)) + unit
        middle, low, high = (_signed(format(one, form)) for one in value)
        ends = "" if low == high else self._words.brackets.format(low, high)
        return f"{middle}{unit}{ends}"


def _signed(number: str) -> str:
    """With the sign of mathematics for a negative number."""
    return "−" + number[1:] if number.startswith("-") else number


def rows(language: str) -> list[Row]:
    """All rows in their order."""
    listed = tomllib.loads(Path(__file__).with_name("rows.toml").read_text("utf-8"))["row"]
    return [Row(one["key"], one["command"], **one[language]) for one in listed]


def table(results: Results, language: str) -> str:
    """The table, Markdown, and a line for each machine that it names.

    Raises KeyError where a result lacks a value that its row shows.
    """
    words = _WORDS[language]
    lines = [_line(words.head), _line(["---"] * len(words.head))]
    before = ""
    for row in rows(language):
        command = words.same if row.command == before else f"`{row.command}`"
        before = row.command
        lines.append(_line([row.what, command, *_cells(row, results, words)]))
    for letter, setup in results["setups"].items():
        lines += ["", *_described(letter, setup, words)]
    return "\n".join(lines)


def told(found: Figures) -> list[str]:
    """What the English README says of new figures, a line a row."""
    cell = _Cell(_WORDS["en"])
    lines = []
    for row in rows("en"):
        if row.key in found:
            here, against = (
                cell.vformat(text, (), found[row.key]) for text in (row.here, row.against)
            )
            lines.append(f"{row.what}: {here}" + (f"; {against}" if against else ""))
    return lines


def with_table(readme: str, made: str) -> str:
    """`readme` with a table between its markers. Raises ValueError where they are missing."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"expected {START} and {END} in the README")
    return f"{before}{start}\n\n{made}\n\n{end}{after}"


def write(results: Results) -> None:
    """Write the table into both READMEs; neither is touched where one cannot be made."""
    texts = {}
    for language, path in READMES.items():
        texts[path] = with_table(path.read_text("utf-8"), table(results, language))
    for path, text in texts.items():
        path.write_text(text, "utf-8")


def _cells(row: Row, results: Results, words: _Words) -> list[str]:
    result = results["rows"].get(row.key)
    if result is None:
        return [words.never, "", ""]
    cell = _Cell(words)
    told = [cell.vformat(text, (), result["values"]) for text in (row.here, row.against)]
    if result["measured"] == BEFORE:
        return [*told, words.earlier]
    return [*told, f"{result.get('setup', '')}{words.comma}{result['measured']}"]


def _line(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _described(letter: str, setup: Setup, words: _Words) -> list[str]:
    lacking = [name for name in INSTRUCTIONS if name not in setup["supports"]]
    parts = [words.supports.format(", ".join(setup["supports"]))] if setup["supports"] else []
    parts += [words.lacks.format(", ".join(lacking))] if lacking else []
    parts += [setup["gpu"]] if setup["gpu"] else []
    versions = ", ".join(f"{name} {number}" for name, number in setup["versions"].items())
    text = words.setup.format(
        letter, setup["processor"], setup["cores"], ", ".join(parts), versions
    )
    return textwrap.wrap(
        text, _LINE, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
