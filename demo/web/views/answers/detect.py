"""A detector's answer as HTML: counts per class, a table of boxes, or that nothing was found."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from demo.drawing.palette import hex_color
from demo.i18n import translate
from demo.results import Detections
from demo.service.service import Answer
from demo.web.views.answer import note
from demo.web.views.answers.base import AnswerView, Glance
from demo.web.views.templates import render

_COLUMNS = ("x0", "y0", "x1", "y1", "size")
_MAX_LABELS = 12
"""Labels that are listed as an example of what a model can find."""
_MAX_LISTED = 10
"""Classes whose totals are told."""


D = TypeVar("D", bound=Detections)


class DetectView(AnswerView[D]):
    """Counts per class, and a table of all boxes."""

    name = "detect"

    def result(self, result: D, answer: Answer, locale: str) -> str:
        """Counts per class, or that nothing was found."""
        return class_counts(result) if len(result) else nothing_found(result, locale)

    def spoken(self, result: D, answer: Answer, locale: str) -> str:
        """The number of boxes of each class, or that nothing was found."""
        return self.glance(result, locale).spoken

    def details(self, result: D, answer: Answer, locale: str) -> str:
        """The table of boxes; empty without boxes."""
        return boxes_table(result, locale) if len(result) else ""

    def glance(self, result: D, locale: str) -> Glance:
        """The number of boxes, and of those of each class."""
        counts = [f"{count} {label}" for label, count in result.counts().items()]
        key = "several_badge_box" if len(result) == 1 else "several_badge_boxes"
        badge = translate(key, locale, count=len(result))
        spoken = translate("list_comma", locale).join(counts)
        return Glance(badge, spoken or translate("nothing_spoken", locale))

    def totals(self, results: Sequence[D], locale: str) -> str:
        """The number of boxes of each class, the most frequent first."""
        counts: Counter[str] = Counter()
        for result in results:
            counts.update(result.counts())
        fields = {
            "pictures": len(results),
            "boxes": counts.total(),
            "classes": listed(counts, locale),
        }
        return translate("several_boxes" if counts else "several_no_boxes", locale, **fields)


def listed(counts: Counter[str], locale: str) -> str:
    """Names with their numbers, the most frequent first; the last ones are left out."""
    some = [f"{name} {count}" for name, count in counts.most_common(_MAX_LISTED)]
    return translate("list_comma", locale).join(some) + (" …" if len(counts) > _MAX_LISTED else "")


def nothing_found(found: Detections, locale: str) -> str:
    """The sentence for an answer without boxes, with examples of what the model can find."""
    known = translate("list_comma", locale).join(found.labels[:_MAX_LABELS])
    more = " …" if len(found.labels) > _MAX_LABELS else ""
    return note(translate("nothing_found", locale, known=known + more))


def class_counts(found: Detections) -> str:
    """The number of boxes of each class, in the colour of the class."""
    ids = {label: i for i, label in enumerate(found.labels)}
    counts = [(label, ids[label], count) for label, count in found.counts().items()]
    return render("class_counts", counts=counts)


def boxes_table(found: Detections, locale: str, column: str = "", cells: Sequence[str] = ()) -> str:
    """Every box: label, score, corners and size in pixels of the upload.

    Args:
        found: the boxes.
        locale: one of `demo.i18n.LOCALES`.
        column: of a further column, the string `column_<column>` is its head; empty for none.
        cells: of the further column, one a box.
    """
    numbers = [
        [
            *(f"{value:.0f}" for value in (x0, y0, x1, y1)),
            f"{x1 - x0:.0f} × {y1 - y0:.0f}",
            *cells[i : i + 1],
        ]
        for i, (x0, y0, x1, y1) in enumerate(found.xyxy.tolist())
    ]
    columns = (*_COLUMNS, column) if column else _COLUMNS
    return labelled_table(found, locale, columns, numbers)


def labelled_table(
    found: Detections, locale: str, columns: Sequence[str], cells: Sequence[Sequence[str]]
) -> str:
    """Every box: its number, label and score, and what the cells say.

    Args:
        found: the boxes.
        locale: one of `demo.i18n.LOCALES`.
        columns: behind the score; the string `column_<name>` is the head of one.
        cells: of these columns, a row a box.
    """
    colors = [hex_color(i) for i in range(len(found.labels))]
    values = zip(found.scores.tolist(), found.class_ids.tolist(), cells, strict=True)
    rows = [
        (number, found.labels[class_id], colors[class_id], f"{100 * score:.1f}", numbers)
        for number, (score, class_id, numbers) in enumerate(values, 1)
    ]
    heads = ("number", "label", "score", *columns)
    return render("boxes_table", columns=heads, rows=rows, locale=locale)


VIEW = DetectView[Detections]()
