"""Where answers agree and differ, by hand-made examples."""

import re
from typing import Any

import numpy as np
import pytest

from demo.compare.differences import classify, detect
from demo.compare.labels import ClassSets, label_key
from demo.results import Detections, Scores
from demo.web.views.comparisons.classify import VIEW

LABELS = ("person", "Sports Ball", "dog")
OTHER = ("sports_ball", "person")


def boxes(
    labels: tuple[str, ...], *rows: tuple[int, float, tuple[int, int, int, int]]
) -> Detections:
    return Detections(
        np.array([xyxy for _, _, xyxy in rows], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([class_id for class_id, _, _ in rows], np.int64),
        labels,
        (200, 100),
    )


A = boxes(
    LABELS,
    (0, 0.9, (0, 0, 40, 40)),
    (0, 0.8, (10, 0, 50, 40)),
    (1, 0.7, (100, 0, 120, 20)),
    (2, 0.6, (150, 50, 190, 90)),
)
B = boxes(
    OTHER,
    (1, 0.9, (8, 0, 48, 40)),
    (0, 0.5, (100, 0, 120, 16)),
    (1, 0.4, (150, 50, 190, 90)),
)


def test_the_best_overlap_wins_and_each_box_counts_once() -> None:
    """The person of b overlaps both of a: .667 with the first, .905 with the second."""
    found = detect.match_boxes(A, B)
    assert [(i, j) for i, j, _ in found.both] == [(1, 0), (2, 1)]
    assert [overlap for _, _, overlap in found.both] == pytest.approx([38 / 42, 0.8], abs=1e-4)
    assert found.only_a == (0, 3)  # the dog is a person to b
    assert found.only_b == (2,)


def test_an_overlap_of_exactly_the_bar_is_a_match_and_less_is_none() -> None:
    whole = boxes(LABELS, (0, 0.9, (0, 0, 40, 40)))
    half, less = (boxes(LABELS, (0, 0.9, (0, 0, 40, y))) for y in (20, 19))
    assert len(detect.match_boxes(whole, half).both) == 1
    assert detect.match_boxes(whole, less).both == ()


def test_no_boxes_match_nothing() -> None:
    none = Detections.empty(LABELS, (200, 100))
    assert detect.match_boxes(none, B).only_b == (0, 1, 2)
    assert detect.match_boxes(A, none).only_a == (0, 1, 2, 3)


def test_the_json_of_a_pair_says_which_class_the_other_lacks() -> None:
    pair: dict[str, Any] = detect.DIFFERENCE.pair(A, B)
    assert [row["label"] for row in pair["both"]] == ["person", "Sports Ball"]
    alone = [(row["label"], row["other_knows"]) for row in pair["only_a"]]
    assert alone == [("person", True), ("dog", False)]
    assert [row["xyxy"] for row in pair["only_b"]] == [[150, 50, 190, 90]]


def test_counts_tell_none_found_from_no_such_class() -> None:
    counts = dict(detect.label_counts({"a": A, "b": B}))
    assert counts == {
        "person": {"a": 2, "b": 2},
        "Sports Ball": {"a": 1, "b": 1},
        "dog": {"a": 1, "b": None},
    }


def test_each_part_of_the_difference_has_its_colour() -> None:
    drawn = detect.DIFFERENCE.draw(np.zeros((100, 200, 3), np.uint8), A, B)
    assert tuple(drawn[20, 50]) == detect.BOTH  # right edge of the matched person of a
    assert tuple(drawn[35, 0]) == detect.ONLY_A
    alone = detect.DIFFERENCE.draw(
        np.zeros((100, 200, 3), np.uint8), A[np.array([2])], B[np.array([2])]
    )
    assert tuple(alone[80, 189]) == detect.ONLY_B


def scores(labels: tuple[str, ...], *values: float) -> Scores:
    return Scores(np.array(values, np.float32), labels)


def test_labels_are_mapped_by_name_across_class_sets() -> None:
    first = scores(("cat", "Sea_Lion", "dog"), 0.2, 0.7, 0.1)
    second = scores(("sea-lion", "bird"), 0.75, 0.25)
    rows = classify.label_rows({"a": first, "b": second})
    assert rows[0].label == "Sea_Lion"
    assert rows[0].scores == pytest.approx({"a": 0.7, "b": 0.75})
    assert rows[0].top_of == ("a", "b")
    assert classify.same_top(rows, 2)
    cat = next(row for row in rows if row.label == "cat")
    assert cat.scores["b"] is None
    assert classify.DIFFERENCE.pair(first, second) == {
        "both": ["Sea_Lion"],
        "only_a": ["cat", "dog"],
        "only_b": ["bird"],
    }


def test_different_first_labels_are_no_agreement() -> None:
    labels = ("cat", "dog")
    rows = classify.label_rows({"a": scores(labels, 0.6, 0.4), "b": scores(labels, 0.1, 0.9)})
    assert [row.label for row in rows] == ["dog", "cat"]  # by the mean score
    assert not classify.same_top(rows, 2)


def test_a_model_that_doubts_has_no_first_label() -> None:
    labels = ("cat", "dog")
    sure, doubting = scores(labels, 0.6, 0.4), Scores(np.array([0, 1], np.float32), labels, False)
    html = VIEW.difference({"a": sure, "b": doubting}, "", "en")
    assert "Probably none of the classes of b." in html
    assert "agree" not in html  # one that is sure has nobody to agree with
    assert re.findall(r'class="num([^"]*)"', html) == ["", " doubtful", " best", " doubtful"]
    html = VIEW.difference({"a": sure, "b": doubting, "c": sure}, "", "en")
    assert "Probably none of the classes of b." in html
    assert "The 2 models agree: cat." in html


def test_class_sets_are_compared_by_name() -> None:
    sets = ClassSets.of(LABELS, OTHER)
    assert (sets.shared, sets.only_a, sets.only_b, sets.same) == (2, 1, 0, False)
    assert label_key("  Tiger_Cat") == label_key("tiger-cat")
