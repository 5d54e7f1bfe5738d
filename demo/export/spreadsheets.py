"""CSV as spreadsheets read it."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets evaluate a cell that starts so (OWASP, CSV injection)."""


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV of a head and rows, quoted where it has to be."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def cell(text: str) -> str:
    """Text from outside, marked as text where a spreadsheet would take it for a formula."""
    formula = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if formula else text
