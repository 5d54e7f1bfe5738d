"""Bars of measurements: what a figure must reach, and what it aims at."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A figure with its bars. most: they are upper limits; else lower ones."""

    name: str
    value: float
    must: float
    aim: float
    most: bool = True

    @property
    def holds(self) -> bool:
        """Whether it is within what must be."""
        return self.value <= self.must if self.most else self.value >= self.must

    def text(self) -> str:
        """For people."""
        sign = "≤" if self.most else "≥"
        return f"{self.name}: {self.value:.2f} (must {sign} {self.must:g}, aim {sign} {self.aim:g})"


def told(bars: Sequence[Bar]) -> bool:
    """Print each; whether all hold."""
    print(*(bar.text() for bar in bars), sep="\n")
    return all(bar.holds for bar in bars)
