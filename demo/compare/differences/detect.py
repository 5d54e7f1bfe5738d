"""Where detectors agree: boxes that both have found, and those of one alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from demo.compare.differences.base import Change, Difference, Said
from demo.compare.labels import label_key
from demo.drawing.detections import draw_detections
from demo.drawing.palette import Colour
from demo.geometry.boxes import iou
from demo.labels.names import localized
from demo.results import Detections, Image
from demo.tasks.base import JsonObject

MIN_IOU = 0.5
"""Overlap from which two boxes of one class are the same object."""
BOTH, ONLY_A, ONLY_B = (16, 185, 129), (59, 130, 246), (249, 115, 22)
"""Colours of boxes: green, blue, orange; they differ in lightness too."""


@dataclass(frozen=True, slots=True, eq=False)
class BoxMatches:
    """Which boxes of two results are the same object.

    both: (index in a, index in b, IoU) each, highest IoU first. only_a, only_b: indices of the
    other boxes, in their order.
    """

    both: tuple[tuple[int, int, float], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]


class DetectDifference(Difference[Detections]):
    """Boxes matched by overlap, classes mapped by name."""

    name = "detect"
    options = ("confidence", "iou")

    def matches(self, a: Detections, b: Detections) -> BoxMatches:
        """Which objects of two results are the same one."""
        return match_boxes(a, b)

    def agreement(self, results: Mapping[str, Detections]) -> JsonObject:
        """`same`: every box of one is found by all; `labels`: the number of boxes of each."""
        first, *others = results.values()
        matches = [self.matches(first, other) for other in others]
        return {
            "same": not any(found.only_a or found.only_b for found in matches),
            "labels": [
                {"label": label, "counts": counts} for label, counts in label_counts(results)
            ],
        }

    def pair(self, a: Detections, b: Detections) -> JsonObject:
        """Boxes of both with their overlap, and of one alone.

        `other_knows` says of the latter whether the other model has a class of that name.
        """
        matches = self.matches(a, b)
        return {
            "both": [
                {
                    "label": label_of(a, i),
                    "iou": round(overlap, 4),
                    "score_a": _score(a, i),
                    "score_b": _score(b, j),
                    "xyxy_a": _xyxy(a, i),
                    "xyxy_b": _xyxy(b, j),
                }
                for i, j, overlap in matches.both
            ],
            "only_a": [_alone(a, i, b) for i in matches.only_a],
            "only_b": [_alone(b, i, a) for i in matches.only_b],
        }

    def change(self, before: Detections, after: Detections) -> Change:
        """The boxes of one alone, also of answers that have masks as well."""
        matches = match_boxes(before, after)
        return Change(
            tuple(_said(before, i) for i in matches.only_a),
            tuple(_said(after, i) for i in matches.only_b),
        )

    def draw_change(
        self, image: Image, before: Detections, after: Detections, locale: str = "en"
    ) -> Image:
        """The boxes of the first alone in blue, of the second alone in orange."""
        matches = replace(match_boxes(before, after), both=())
        return draw_matches(image, localized(before, locale), localized(after, locale), matches)

    def draw(self, image: Image, a: Detections, b: Detections, locale: str = "en") -> Image:
        """Boxes of both models in green as the first has them, of one alone in blue or orange."""
        # Classes are matched by their labels: two models may name one class differently.
        shown_a, shown_b = localized(a, locale), localized(b, locale)
        return draw_matches(image, shown_a, shown_b, self.matches(a, b))


def draw_matches(
    image: Image, a: Detections, b: Detections, matches: BoxMatches, show_boxes: bool = True
) -> Image:
    """A copy of H×W×3 uint8 RGB with the name of each object, and its box, in its colour."""
    both = [i for i, _, _ in matches.both]
    parts = [(a, both, BOTH), (a, [*matches.only_a], ONLY_A), (b, [*matches.only_b], ONLY_B)]
    captions = [label_of(found, i) for found, rows, _ in parts for i in rows]
    colours: list[Colour] = [colour for _, rows, colour in parts for _ in rows]
    together = Detections(
        np.concatenate([found.xyxy[rows] for found, rows, _ in parts]),
        np.concatenate([found.scores[rows] for found, rows, _ in parts]),
        np.zeros(len(captions), np.int64),
        ("",),
        a.size_wh,
    )
    return draw_detections(
        image, together, captions=captions, colours=colours, show_boxes=show_boxes
    )


def match_boxes(a: Detections, b: Detections, min_iou: float = MIN_IOU) -> BoxMatches:
    """Match boxes of the same class name greedily, highest IoU first, each box at most once.

    min_iou: lowest IoU of a match, 0–1.
    """
    return match(np.where(same_class(a, b), iou(a.xyxy, b.xyxy), -1.0), min_iou)


def match(overlaps: NDArray[np.floating], min_iou: float = MIN_IOU) -> BoxMatches:
    """Match rows and columns greedily, highest overlap first, each at most once.

    Args:
        overlaps: N×M, one for each object of a and of b, −1 where they cannot match.
        min_iou: lowest overlap of a match, 0–1.
    """
    overlaps = overlaps.copy()
    both: list[tuple[int, int, float]] = []
    while overlaps.size and (best := float(overlaps.max())) >= min_iou:
        i, j = (int(place) for place in np.unravel_index(overlaps.argmax(), overlaps.shape))
        both.append((i, j, best))
        overlaps[i, :] = overlaps[:, j] = -1.0
    found_a, found_b = {i for i, _, _ in both}, {j for _, j, _ in both}
    return BoxMatches(
        tuple(both),
        tuple(i for i in range(overlaps.shape[0]) if i not in found_a),
        tuple(j for j in range(overlaps.shape[1]) if j not in found_b),
    )


def label_counts(results: Mapping[str, Detections]) -> list[tuple[str, dict[str, int | None]]]:
    """Number of boxes of each label that any model has found, by model, most frequent first.

    None where the model has no class of that name.
    """
    known = {model: {label_key(label) for label in one.labels} for model, one in results.items()}
    counts: dict[str, dict[str, int]] = {}
    names: dict[str, str] = {}
    for model, one in results.items():
        for label, number in one.counts().items():
            names.setdefault(key := label_key(label), label)
            by_model = counts.setdefault(key, {})
            by_model[model] = by_model.get(model, 0) + number
    order = sorted(counts, key=lambda key: -sum(counts[key].values()))
    return [
        (names[key], {m: counts[key].get(m, 0) if key in known[m] else None for m in results})
        for key in order
    ]


def knows(found: Detections, label: str) -> bool:
    """Whether a model has a class of that name."""
    return label_key(label) in {label_key(name) for name in found.labels}


def label_of(found: Detections, i: int) -> str:
    """The label of box i."""
    return found.labels[int(found.class_ids[i])]


def same_class(a: Detections, b: Detections) -> NDArray[np.bool_]:
    """N×M: whether a box of a and one of b have classes of one name."""
    keys_a, keys_b = ([label_key(label_of(f, i)) for i in range(len(f))] for f in (a, b))
    same = [[one == other for other in keys_b] for one in keys_a]
    return np.array(same, np.bool_).reshape(len(a), len(b))


def _alone(found: Detections, i: int, other: Detections) -> JsonObject:
    label = label_of(found, i)
    return {
        "label": label,
        "score": _score(found, i),
        "xyxy": _xyxy(found, i),
        "other_knows": knows(other, label),
    }


def _said(found: Detections, i: int) -> Said:
    x0, y0, x1, y1 = found.xyxy[i].tolist()
    return Said(label_of(found, i), float(found.scores[i]), xyxy=(x0, y0, x1, y1))


def _score(found: Detections, i: int) -> float:
    return round(float(found.scores[i]), 4)


def _xyxy(found: Detections, i: int) -> list[float]:
    return [round(value, 1) for value in found.xyxy[i].tolist()]


DIFFERENCE = DetectDifference()
