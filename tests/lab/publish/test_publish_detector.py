"""What a detector offers, its thresholds, and what its file holds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from demo.lab.detect import detect
from demo.lab.evaluation.networks import load_detector
from demo.lab.publish.detector import keep_classes
from demo.lab.publish.thresholds import class_thresholds, counted, shift_scores
from demo.lab.recipe import DetectorRecipe, find_recipe
from demo.models.networks.lite_detector import LiteDetector
from demo.models.spec import WeightsFile
from demo.models.yolo import LITE, load_lite, without_rivals
from demo.results import Detections
from demo.results.metrics import GroundTruth, Matches, best_f1, match

LEARNED = ("person", "dog", "cat", "bus")


def found(*rows: tuple[str, float, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([LEARNED.index(row[0]) for row in rows], np.int64),
        LEARNED,
        (100, 100),
    )


def test_what_is_offered_was_learned() -> None:
    recipe = find_recipe("yolo-vitrine")
    assert isinstance(recipe, DetectorRecipe)
    assert set(recipe.offered) < set(recipe.labels)
    assert {"person", "chair", "bottle", "license plate"} <= set(recipe.offered)


def test_the_kept_classes_give_the_logits_that_they_gave() -> None:
    torch.manual_seed(0)
    whole = LiteDetector(len(LEARNED)).eval()
    kept = LiteDetector(2).eval()
    kept.load_state_dict(keep_classes(whole.state_dict(), LEARNED, ("bus", "dog")))
    pixels = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        before, after = (model(pixels)[0] for model in (whole, kept))
    torch.testing.assert_close(after[:, :4], before[:, :4])
    torch.testing.assert_close(after[:, 4:], before[:, [4 + 3, 4 + 1]])


def test_shifted_scores_keep_their_order() -> None:
    torch.manual_seed(0)
    network = LiteDetector(2).eval()
    pixels = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        before = network(pixels)[0][:, 4:].logit()
        scores = np.array([0.4, 0.6])
        network.load_state_dict(shift_scores(network.state_dict(), scores, 0.25))
        after = network(pixels)[0][:, 4:].logit()
    wanted = torch.tensor(0.25).logit() - torch.tensor(scores, dtype=torch.float32).logit()
    shifted = wanted[None, :, None].expand_as(after)
    torch.testing.assert_close(after - before, shifted, rtol=1e-3, atol=1e-3)


def _photo(rows: list[tuple[float, bool, int]], true_boxes: list[int]) -> Matches:
    scores, hits, class_ids = zip(*rows, strict=True)
    return Matches(
        np.repeat(np.array(hits)[:, None], 10, 1),
        np.array(scores, np.float32),
        np.array(class_ids),
        np.array(true_boxes),
    )


def test_a_class_has_the_middle_of_its_best_scores_for_a_threshold() -> None:
    # Class 0: right from 0.9 down to 0.5, wrong from 0.3 on; its F1 is best between 0.5 and 0.3.
    rows = [(0.9 - 0.4 * i / 29, True, 0) for i in range(30)]
    rows += [(0.3 - 0.01 * i, False, 0) for i in range(10)]
    rows += [(0.8, True, 1), (0.7, False, 1)]
    common, rare = class_thresholds([_photo(rows, [30, 1])])
    assert 0.49 < common < 0.52
    assert 0.49 < rare < 0.55  # too few boxes: that of all classes together


def test_a_flat_best_is_met_in_its_middle() -> None:
    rows = [(0.9, True, 0)] * 60 + [(0.2, True, 0)]
    [score] = class_thresholds([_photo(rows, [61])])
    assert score == pytest.approx(0.55, abs=0.01)  # 60 of 61 is within 0.01 of all 61


def test_boxes_of_classes_that_a_set_does_not_label_do_not_count() -> None:
    kept = counted(_photo([(0.9, True, 0), (0.8, False, 1)], [1, 0]), [0])
    assert kept.class_ids.tolist() == [0]
    assert kept.true_boxes.tolist() == [1, 0]


def test_the_lab_and_the_program_find_the_same_boxes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = LiteDetector(len(LEARNED)).train()
    with torch.no_grad():
        for _ in range(4):  # settles the statistics of the norms
            network(torch.rand(2, 3, 96, 96))
    state = {key: value.contiguous() for key, value in network.state_dict().items()}
    save_file(state, tmp_path / "a.safetensors")
    labels, file = LEARNED, WeightsFile(tmp_path / "a.safetensors", "")
    ours, program = load_detector(file.path, LITE, labels), load_lite("a", labels, file)
    pixels = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        decoded, raw = ours(pixels)[0][0], program(pixels)[0]
    torch.testing.assert_close(decoded[4:].T, raw[:, -4:].sigmoid(), rtol=1e-3, atol=1e-4)
    picture = np.zeros((64, 96, 3), np.uint8)
    assert detect(ours, picture, 96, labels).size_wh == (96, 64)


def test_the_best_threshold_keeps_the_hits_and_drops_the_misses() -> None:
    box = (10.0, 10.0, 50.0, 50.0)
    truth = GroundTruth(np.array([box], np.float32), np.array([1]))
    photos = [
        match(found(("dog", 0.7, box), ("dog", 0.2, (60, 60, 90, 90))), truth),
        match(found(("dog", 0.4, box), ("cat", 0.9, box)), truth),
        match(found(("dog", 0.1, (60, 60, 90, 90))), truth),
    ]
    threshold, f1 = best_f1(photos)
    assert threshold == pytest.approx(0.4)
    assert f1 == pytest.approx(2 * 2 / (2 + 3))


class TestRivals:
    BOX = (10.0, 10.0, 50.0, 50.0)
    GROUPS = (("dog", "cat"), ("bus", "person"))

    def test_of_two_names_for_one_thing_the_better_stays(self) -> None:
        answer = found(("dog", 0.9, self.BOX), ("cat", 0.8, self.BOX), ("cat", 0.7, self.BOX))
        assert without_rivals(answer, self.GROUPS).scores.tolist() == pytest.approx([0.9])

    def test_things_apart_and_other_groups_stay(self) -> None:
        rows = [
            ("dog", 0.9, self.BOX),
            ("person", 0.8, self.BOX),
            ("cat", 0.7, (60.0, 60.0, 90.0, 90.0)),
            ("dog", 0.6, self.BOX),
        ]
        assert len(without_rivals(found(*rows), self.GROUPS)) == 4
        assert len(without_rivals(found(), self.GROUPS)) == 0
