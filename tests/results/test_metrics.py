"""Metrics against small examples by hand, and against COCO's own evaluation."""

from typing import Any

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster

from demo.lab.evaluation.out_of_distribution import (
    calibrate,
    energy,
    fit_temperature,
    probabilities,
    rejected,
)
from demo.results import Detections
from demo.results.metrics import (
    GroundTruth,
    average_precisions,
    bootstrap_map,
    class_scores,
    confusion_matrix,
    match,
    pairwise_iou,
    wilson,
)

LABELS = ("dog", "cat")


def found(boxes: list[list[float]], scores: list[float], ids: list[int]) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.array(ids, np.int64),
        LABELS,
        (100, 100),
    )


def truth(boxes: list[list[float]], ids: list[int]) -> GroundTruth:
    return GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), np.array(ids, np.int64))


def test_wilson_as_in_the_textbook() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_class_scores_by_hand() -> None:
    table = confusion_matrix(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 1]), 3)
    assert table.tolist() == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    first, second, third = class_scores(table)
    assert (first.precision, first.recall, first.f1, first.support) == pytest.approx(
        (2 / 3, 2 / 3, 2 / 3, 3)
    )
    assert (second.precision, second.recall, second.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert (third.precision, third.recall, third.f1, third.support) == (0, 0, 0, 1)


def test_overlap_by_hand() -> None:
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert pairwise_iou(a, b)[0] == pytest.approx([1, 1 / 3, 0])


def test_a_true_box_is_found_only_once_and_only_by_its_class() -> None:
    boxes: list[list[float]] = [[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10]]
    matched = match(found(boxes, [0.5, 0.9, 0.8], [0, 0, 1]), truth([[0, 0, 10, 10]], [0]))
    assert matched.scores.tolist() == pytest.approx([0.9, 0.8, 0.5])
    # The box of overlap 0.9 comes first and takes the true box up to 0.9; then the exact one may.
    assert matched.hits[:, 0].tolist() == [True, False, False]
    assert matched.hits[:, 9].tolist() == [False, False, True]
    assert matched.true_boxes.tolist() == [1, 0]


def test_average_precision_by_hand() -> None:
    # Best first: right, wrong, right, of two true boxes: precision 1 up to recall 1/2, then 2/3.
    photo = match(
        found([[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 30, 10]], [0.9, 0.8, 0.7], [0, 0, 0]),
        truth([[0, 0, 10, 10], [20, 0, 30, 10]], [0, 0]),
    )
    table = average_precisions([photo])
    assert table[0] == pytest.approx([(51 * 1 + 50 * 2 / 3) / 101] * 10)
    assert np.isnan(table[1]).all()


def random_photos(count: int, seed: int) -> list[tuple[Detections, GroundTruth]]:
    random = np.random.default_rng(seed)
    photos = []
    for _ in range(count):
        n = int(random.integers(1, 5))
        corner, size = random.uniform(0, 60, (n, 2)), random.uniform(10, 40, (n, 2))
        boxes = np.concatenate([corner, corner + size], 1)
        ids = random.integers(0, 2, n)
        shaken = boxes.repeat(2, axis=0) + random.normal(0, 2.5, (2 * n, 4))
        guesses = np.where(random.random(2 * n) < 0.8, ids.repeat(2), 1 - ids.repeat(2))
        scores = random.random(2 * n).tolist()
        photos.append(
            (found(shaken.tolist(), scores, guesses.tolist()), truth(boxes.tolist(), ids.tolist()))
        )
    return photos


def by_coco(photos: list[tuple[Detections, GroundTruth]]) -> Any:
    boxes: list[dict[str, object]] = []
    answers: list[dict[str, object]] = []
    for image, (guess, real) in enumerate(photos):
        for (x0, y0, x1, y1), label in zip(
            real.xyxy.tolist(), real.class_ids.tolist(), strict=True
        ):
            width, height = x1 - x0, y1 - y0
            boxes.append(
                {
                    "id": len(boxes) + 1,
                    "image_id": image,
                    "category_id": label,
                    "bbox": [x0, y0, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                }
            )
        for i, (x0, y0, x1, y1) in enumerate(guess.xyxy.tolist()):
            answers.append(
                {
                    "image_id": image,
                    "category_id": int(guess.class_ids[i]),
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "score": float(guess.scores[i]),
                }
            )
    names = [{"id": i, "name": label} for i, label in enumerate(LABELS)]
    images = [{"id": i, "width": 100, "height": 100} for i in range(len(photos))]
    real = COCO({"images": images, "annotations": boxes, "categories": names})
    judge = COCOeval_faster(real, real.loadRes(answers), "bbox")
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return judge.stats[:2]


def test_map_equals_cocos_own_evaluation() -> None:
    photos = random_photos(40, 0)
    table = average_precisions([match(guess, real) for guess, real in photos])
    map50_95, map50 = by_coco(photos)
    assert 0.1 < map50_95 < map50 < 0.95
    assert float(np.nanmean(table)) == pytest.approx(map50_95, abs=1e-6)
    assert float(np.nanmean(table[:, 0])) == pytest.approx(map50, abs=1e-6)


def test_the_bootstrap_interval_holds_the_score_and_narrows_with_more_photos() -> None:
    few = [match(guess, real) for guess, real in random_photos(20, 1)]
    many = [match(guess, real) for guess, real in random_photos(200, 1)]
    value = float(np.nanmean(average_precisions(many)[:, 0]))
    low, high = bootstrap_map(many, rounds=60)["mAP50"]
    wide_low, wide_high = bootstrap_map(few, rounds=60)["mAP50"]
    assert low < value < high
    assert high - low < (wide_high - wide_low) / 2
    assert bootstrap_map(many, rounds=60)["mAP50"] == (low, high)


def test_energy_and_probabilities_by_hand() -> None:
    logits = np.array([[0.0, 0.0], [2.0, 0.0]], np.float32)
    assert energy(logits, 1.0) == pytest.approx([np.log(2), np.log(np.exp(2) + 1)])
    assert energy(logits, 2.0)[1] == pytest.approx(2 * np.log(np.e + 1))
    assert probabilities(logits, 2.0)[1] == pytest.approx([np.e / (np.e + 1), 1 / (np.e + 1)])
    assert np.isfinite(energy(np.array([[1e4, 0.0]], np.float32), 1.0)).all()


def sampled(count: int, scale: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits `scale` times the true ones, and targets drawn by the true probabilities."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, 5))
    shares = probabilities(logits.astype(np.float32), 1.0)
    targets = (shares.cumsum(1) < random.random((count, 1))).sum(1).clip(0, 4)
    return (logits * scale).astype(np.float32), targets.astype(np.int64)


def test_the_temperature_undoes_overconfidence() -> None:
    for scale in (0.5, 1.0, 2.5):
        logits, targets = sampled(20_000, scale, 0)
        assert fit_temperature(logits, targets) == pytest.approx(scale, rel=0.05)


def test_the_calibrated_rule_states_the_rates_that_it_has() -> None:
    logits, targets = sampled(8_000, 1.0, 1)
    logits[:, 0] += 6  # own pictures: one class stands out
    targets[:] = 0
    strange = np.random.default_rng(2).normal(0, 1, (500, 5)).astype(np.float32)
    rule = calibrate(logits, targets, strange)
    assert rule.false_alarm_low < 0.04 < rule.false_alarm_high
    assert (rule.own, rule.foreign) == (4000, 500)
    # A rule that is set on its own pictures must catch what lies far below them.
    far = calibrate(logits, targets, strange - 30)
    assert far.caught == 500
    assert rejected(strange, rule) == rule.caught
    assert rejected(strange - 30, rule) == 500
    assert far.threshold == rule.threshold
