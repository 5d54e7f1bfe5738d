"""Anchors are fitted as they say: near to their classes, away from what was shown beside them."""

import numpy as np
import pytest
import torch

from demo.lab.evaluation.class_anchors import Features, fit_anchors, nearness, threshold_of

CLASSES, WIDTH = 40, 60


def clusters(count: int, seed: int, first: int = 0, kinds: int = CLASSES) -> Features:
    """`count` features around each of `kinds` axes, from the axis `first` on, of any length."""
    rng = np.random.default_rng(seed)
    axes = np.eye(WIDTH)[first : first + kinds].repeat(count, 0)
    return (axes + rng.normal(0, 0.07, axes.shape)) * rng.uniform(1, 9, (len(axes), 1))


def targets(count: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.arange(CLASSES).repeat(count)


def test_the_threshold_rejects_four_of_a_hundred_and_foreign_features() -> None:
    photos, held_out = clusters(20, 0), clusters(25, 1)
    shown, foreign = clusters(50, 2, CLASSES, 10), clusters(50, 3, CLASSES + 10, 10)
    anchors = fit_anchors(photos, targets(20), shown, held_out)
    threshold = threshold_of(anchors, held_out)
    assert (nearness(anchors, held_out) < threshold).mean() == pytest.approx(0.04, abs=0.002)
    assert (nearness(anchors, clusters(25, 4)) < threshold).mean() < 0.08
    assert (nearness(anchors, foreign) < threshold).mean() > 0.7


def test_what_was_shown_is_farther_than_other_foreign_things() -> None:
    photos, held_out = clusters(20, 0), clusters(10, 1)
    shown, foreign = clusters(50, 2, CLASSES, 10), clusters(50, 3, CLASSES + 10, 10)
    anchors = fit_anchors(photos, targets(20), shown, held_out)
    # More of the kinds that were shown, not the same features.
    further = clusters(50, 5, CLASSES, 10)
    assert nearness(anchors, further).mean() < nearness(anchors, foreign).mean() - 0.05


def test_the_length_of_features_does_not_count_and_numbers_fit_into_float16() -> None:
    photos, held_out, shown = clusters(20, 0), clusters(10, 1), clusters(50, 2, CLASSES, 10)
    anchors = fit_anchors(photos, targets(20), shown, held_out)
    scaled = fit_anchors(photos * 3, targets(20), shown * 5, held_out / 2)
    assert nearness(scaled, held_out) == pytest.approx(nearness(anchors, held_out), abs=1e-3)
    for tensor in anchors.state_dict().values():
        torch.testing.assert_close(tensor.half().float(), tensor, rtol=0, atol=0)
    assert anchors.coordinates.shape[0] == CLASSES
    assert anchors.basis.shape == (32, WIDTH)
