"""Markdown building blocks of the cards."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a card: paragraphs under a heading; without one they continue the part before."""

    title: str
    paragraphs: tuple[str, ...]

    def blocks(self) -> list[str]:
        """The heading and the paragraphs as blocks that blank lines separate."""
        heading = [f"## {self.title}"] if self.title else []
        return [*heading, *self.paragraphs]


def bullets(sentences: Sequence[str]) -> str:
    """A list, one sentence a bullet."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table with a head; all rows are as long as it."""
    grid = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in grid)


def number(value: float | None) -> str:
    """Whole numbers with thousands separators, others with three decimals, – for None."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def class_section(rows: dict[str, dict[str, float | None]]) -> Section:
    """The table of all classes: label → column → value, all with the same columns."""
    columns = list(next(iter(rows.values())))
    lines = [(label, *(number(row[c]) for c in columns)) for label, row in rows.items()]
    return Section("Each class", (table(("class", *columns), lines),))
