"""A comparison of two detectors as HTML: the difference picture, and a table of its boxes."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from demo.compare.differences.detect import (
    BOTH,
    DIFFERENCE,
    ONLY_A,
    ONLY_B,
    BoxMatches,
    DetectDifference,
    knows,
    label_of,
)
from demo.drawing.palette import Colour
from demo.i18n import translate
from demo.labels.names import localized
from demo.results import Detections
from demo.web.views.answer import note
from demo.web.views.answers.detect import class_counts, nothing_found
from demo.web.views.comparisons.base import ComparisonView
from demo.web.views.templates import render


class _Row(NamedTuple):
    """One object; scores in %, empty where a model has not found it.

    outline: the path of an SVG around it, pixels of the upload.
    """

    label: str
    colour: str
    found_by: str
    score_a: str
    score_b: str
    overlap: str
    outline: str


class DetectComparison(ComparisonView[Detections]):
    """Which boxes both models have, and which one alone."""

    name = "detect"
    pairwise = True
    of_task: ClassVar[DetectDifference] = DIFFERENCE
    """How the answers are compared."""
    picture_alt: ClassVar[str] = "compare_picture_alt"
    """String key of what the difference picture shows."""
    show_one: ClassVar[str] = "compare_show_box"
    """String key of the button of a row."""

    def difference(self, results: Mapping[str, Detections], picture: str, locale: str) -> str:
        """The picture with a legend, and a row a box; a click on a row shows the box."""
        (name_a, a), (name_b, b) = results.items()
        matches = self.of_task.matches(a, b)
        if not len(a) and not len(b):
            return note(translate("compare_nothing", locale))
        only_a, only_b = (translate("compare_only", locale, name=n) for n in (name_a, name_b))
        return render(
            "compare_boxes",
            picture=picture,
            alt=translate(self.picture_alt, locale),
            show_one=self.show_one,
            width=a.size_wh[0],
            height=a.size_wh[1],
            legend=[
                (_hex(BOTH), translate("compare_both", locale), len(matches.both)),
                (_hex(ONLY_A), only_a, len(matches.only_a)),
                (_hex(ONLY_B), only_b, len(matches.only_b)),
            ],
            remark=self.remark(a, b, locale),
            models=(name_a, name_b),
            rows=self._rows(matches, (name_a, a), (name_b, b), locale),
            locale=locale,
        )

    def answer(self, result: Detections, locale: str) -> str:
        """The number of boxes of each class, or that there are none."""
        return class_counts(result) if len(result) else nothing_found(result, locale)

    def remark(self, a: Detections, b: Detections, locale: str) -> str:
        """A sentence under the legend; empty for none."""
        return ""

    def outlines(self, found: Detections) -> list[str]:
        """The path of an SVG around each object, pixels of the upload."""
        return [
            f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z"
            for x0, y0, x1, y1 in found.xyxy.tolist()
        ]

    def _rows(
        self,
        matches: BoxMatches,
        first: tuple[str, Detections],
        second: tuple[str, Detections],
        locale: str,
    ) -> list[_Row]:
        a, b = first[1], second[1]
        shown_a, shown_b = localized(a, locale), localized(b, locale)
        lines_a, lines_b = self.outlines(a), self.outlines(b)
        rows = [
            _Row(
                label_of(shown_a, i),
                _hex(BOTH),
                translate("compare_both", locale),
                _percent(a, i),
                _percent(b, j),
                f"{100 * overlap:.0f} %",
                lines_a[i],
            )
            for i, j, overlap in matches.both
        ]
        for i in matches.only_a:
            name, found_by = label_of(shown_a, i), _alone(first[0], second, label_of(a, i), locale)
            rows.append(_Row(name, _hex(ONLY_A), found_by, _percent(a, i), "", "", lines_a[i]))
        for j in matches.only_b:
            name, found_by = label_of(shown_b, j), _alone(second[0], first, label_of(b, j), locale)
            rows.append(_Row(name, _hex(ONLY_B), found_by, "", _percent(b, j), "", lines_b[j]))
        return rows


def _alone(name: str, other: tuple[str, Detections], label: str, locale: str) -> str:
    text = translate("compare_only", locale, name=name)
    if knows(other[1], label):
        return text
    return f"{text} ({translate('compare_other_lacks', locale, name=other[0])})"


def _percent(found: Detections, i: int) -> str:
    return f"{100 * float(found.scores[i]):.1f}"


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


VIEW = DetectComparison()
