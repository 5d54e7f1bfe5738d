"""A comparison of two detectors as HTML: the difference picture, and a table of its boxes."""

from collections.abc import Mapping
from typing import NamedTuple

from demo.compare.differences.detect import (
    BOTH,
    ONLY_A,
    ONLY_B,
    BoxMatches,
    knows,
    label_of,
    match_boxes,
)
from demo.drawing.palette import Colour
from demo.i18n import translate
from demo.results import Detections
from demo.web.views.answer import note
from demo.web.views.answers.detect import class_counts, nothing_found
from demo.web.views.comparisons.base import ComparisonView
from demo.web.views.templates import render


class _Row(NamedTuple):
    """One object: xywh in pixels; scores in %, empty where a model has not found it."""

    label: str
    colour: str
    found_by: str
    score_a: str
    score_b: str
    overlap: str
    xywh: tuple[str, str, str, str]


class DetectComparison(ComparisonView[Detections]):
    """Which boxes both models have, and which one alone."""

    name = "detect"
    pairwise = True

    def difference(self, results: Mapping[str, Detections], picture: str, locale: str) -> str:
        """The picture with a legend, and a row a box; a click on a row shows the box."""
        (name_a, a), (name_b, b) = results.items()
        matches = match_boxes(a, b)
        if not len(a) and not len(b):
            return note(translate("compare_nothing", locale))
        only_a, only_b = (translate("compare_only", locale, name=n) for n in (name_a, name_b))
        return render(
            "compare_boxes",
            picture=picture,
            width=a.size_wh[0],
            height=a.size_wh[1],
            legend=[
                (_hex(BOTH), translate("compare_both", locale), len(matches.both)),
                (_hex(ONLY_A), only_a, len(matches.only_a)),
                (_hex(ONLY_B), only_b, len(matches.only_b)),
            ],
            models=(name_a, name_b),
            rows=_rows(matches, (name_a, a), (name_b, b), locale),
            locale=locale,
        )

    def answer(self, result: Detections, locale: str) -> str:
        """The number of boxes of each class, or that there are none."""
        return class_counts(result) if len(result) else nothing_found(result, locale)


def _rows(
    matches: BoxMatches, first: tuple[str, Detections], second: tuple[str, Detections], locale: str
) -> list[_Row]:
    a, b = first[1], second[1]
    rows = [
        _Row(
            label_of(a, i),
            _hex(BOTH),
            translate("compare_both", locale),
            _percent(a, i),
            _percent(b, j),
            f"{100 * overlap:.0f} %",
            _xywh(a, i),
        )
        for i, j, overlap in matches.both
    ]
    for i in matches.only_a:
        found_by = _alone(first[0], second, label_of(a, i), locale)
        row = _Row(label_of(a, i), _hex(ONLY_A), found_by, _percent(a, i), "", "", _xywh(a, i))
        rows.append(row)
    for j in matches.only_b:
        found_by = _alone(second[0], first, label_of(b, j), locale)
        row = _Row(label_of(b, j), _hex(ONLY_B), found_by, "", _percent(b, j), "", _xywh(b, j))
        rows.append(row)
    return rows


def _alone(name: str, other: tuple[str, Detections], label: str, locale: str) -> str:
    text = translate("compare_only", locale, name=name)
    if knows(other[1], label):
        return text
    return f"{text} ({translate('compare_other_lacks', locale, name=other[0])})"


def _percent(found: Detections, i: int) -> str:
    return f"{100 * float(found.scores[i]):.1f}"


def _xywh(found: Detections, i: int) -> tuple[str, str, str, str]:
    x0, y0, x1, y1 = found.xyxy[i].tolist()
    return f"{x0:.1f}", f"{y0:.1f}", f"{x1 - x0:.1f}", f"{y1 - y0:.1f}"


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


VIEW = DetectComparison()
