"""CSV as spreadsheets read it."""

import csv
import io
from collections.abc import Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets evaluate a cell that starts so (OWASP, CSV injection)."""


def csv_text(*rows: Sequence[object]) -> str:
    """CSV of rows, quoted where it has to be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def csv_rows(text: str) -> list[list[str]]:
    """The cells of CSV."""
    return list(csv.reader(io.StringIO(text, newline="")))


def cell(text: str) -> str:
    """Text from outside, marked as text where a spreadsheet would take it for a formula."""
    formula = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if formula else text
