"""What the command line says of a batch: its progress, and a table at the end."""

import sys
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np

from demo.batch.pictures import Gathered, LeftOut
from demo.batch.run import Step
from demo.results import Result
from demo.tasks.base import AnyTask

_INTERVAL_S = 5.0
"""Between two lines of progress where they are not overwritten."""
_MOST_LINES = 20


class ProgressLine:
    """Progress on standard error: in one line on a terminal, else a line every few seconds."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._last = time.monotonic()

    def show(self, done: int, name: str) -> None:
        """So many pictures are done; name: of the last one."""
        text = f"{done}/{self._total} {name}"
        if self._terminal:
            print(f"\r{text[:78]:<78}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._last >= _INTERVAL_S:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Go to the next line."""
        if self._terminal:
            print(file=sys.stderr)


class Tally:
    """Counts answers and what was found in them."""

    def __init__(self, task: AnyTask, found: Gathered) -> None:
        self._task = task
        self._total = len(found.pictures) + len(found.left_out)
        self.answered = self._unknown = 0
        self.left_out = list(found.left_out)
        self._found: Counter[str] = Counter()
        self._pictures: Counter[str] = Counter()

    @property
    def not_begun(self) -> int:
        """Pictures of which nothing is known, because the run was stopped."""
        return self._total - self.answered - len(self.left_out)

    def add(self, step: Step, result: Result | None) -> None:
        """Count what has become of a picture; result: its answer as the query has filtered it."""
        if isinstance(step, LeftOut):
            self.left_out.append(step)
        if result is None:
            return
        self.answered += 1
        if self._task.frame_facts(result, ()).get("known") is False:
            self._unknown += 1
            return
        counts = self._task.occurrences(result)
        for class_id in np.flatnonzero(counts).tolist():
            self._found[result.labels[class_id]] += int(counts[class_id])
            self._pictures[result.labels[class_id]] += 1

    def text(self, seconds: float, out: str) -> str:
        """The table; seconds: of the run. out: where the files are, empty for nowhere."""
        head = [
            ("pictures", str(self._total)),
            ("answered", str(self.answered)),
            ("left out", str(len(self.left_out))),
            *([("not begun", str(self.not_begun))] if self.not_begun else ()),
            ("pictures a second", f"{self.answered / seconds:.1f}"),
        ]
        written = f"written to {out}" if out else "nothing was answered, nothing is written"
        return "\n".join([*_aligned(head), *self._classes(), *self._reasons(), "", written])

    def _classes(self) -> list[str]:
        boxes = self._task.finds_boxes
        rows = [("class", "boxes", "pictures") if boxes else ("best label", "pictures")]
        for label, count in self._found.most_common():
            pictures = str(self._pictures[label])
            rows.append((label, str(count), pictures) if boxes else (label, pictures))
        if self._unknown:
            rows.append(("(probably none of the labels)", str(self._unknown)))
        return ["", *_aligned(rows)] if len(rows) > 1 else []

    def _reasons(self) -> list[str]:
        shown = self.left_out[:_MOST_LINES]
        lines = [f"{left.name}: {left.error}" for left in shown]
        if len(self.left_out) > len(shown):
            lines.append(f"and {len(self.left_out) - len(shown)} more")
        return ["", "left out", *lines] if lines else []


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns: labels to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    return lines
