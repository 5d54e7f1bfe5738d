"""The training loop on a few made-up pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.lab.data.cifar import Pictures
from demo.lab.options import TrainOptions
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.training.checkpoints import CHECKPOINT
from demo.lab.training.classifier import (
    logits_of,
    make_optimizer,
    train_classifier,
)
from demo.lab.training.classifier_loss import classifier_loss
from demo.lab.training.datasets import ClassifierData
from demo.lab.training.progress import Progress, Record
from demo.lab.training.soft_labels import CLASSES
from demo.models.networks.classifiers import NETWORKS, Mirrored, cnn_cifar10


def small_recipe(**changes: object) -> ClassifierRecipe:
    recipe = find_recipe("cnn-cifar10")
    assert isinstance(recipe, ClassifierRecipe)
    plain = replace(recipe, batch=32, precision="float32", outliers="", measure_every=1)
    return replace(plain, **changes)  # type: ignore[arg-type]


def coloured(count: int, seed: int) -> Pictures:
    """Noise whose mean tells the class: learnable in a few steps."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 10, count)
    noise = random.integers(0, 60, (count, 32, 32, 3))
    images = (noise + targets[:, None, None, None] * 19).astype(np.uint8)
    return Pictures(images, targets.astype(np.int64), small_recipe().labels)


def final_state(run: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(run / CHECKPOINT, weights_only=True)["model"]
    return state


def test_interrupted_equals_uninterrupted_bit_for_bit(tmp_path: Path) -> None:
    data, recipe = ClassifierData(coloured(160, 0), coloured(32, 1)), small_recipe()
    list(train_classifier(recipe, data, TrainOptions(tmp_path / "whole", 2)))
    interrupted = TrainOptions(tmp_path / "interrupted", 2)
    steps = train_classifier(recipe, data, interrupted)
    assert next(steps).epoch == 1
    del steps
    torch.manual_seed(12345)  # random numbers drawn in between must not matter
    rest = list(train_classifier(recipe, data, replace(interrupted, resume=True)))
    assert [progress.epoch for progress in rest] == [2]
    whole, resumed = final_state(tmp_path / "whole"), final_state(tmp_path / "interrupted")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    other = replace(recipe, seed=1)
    list(train_classifier(other, data, TrainOptions(tmp_path / "other", 2)))
    assert not torch.equal(final_state(tmp_path / "other")["4.weight"], whole["4.weight"])


def test_with_outliers_soft_labels_transforms_and_bfloat16_it_resumes_exactly_too(
    tmp_path: Path,
) -> None:
    changes = {
        "network": "photo-101",
        "soft_labels": "weights/teacher.pth",
        "outliers": "scenes",
        "precision": "bfloat16",
        "transforms": (("crop", {"smallest": 0.5}), ("cutout", {})),
        "sizes": ((0.5, 24), (0.5, 32)),
        "loss": "mse",
    }
    random, recipe = np.random.default_rng(2), small_recipe(**changes)
    soft_labels = random.dirichlet(np.full(CLASSES, 0.1), 64).astype(np.float16)
    outliers = coloured(40, 3).images
    data = ClassifierData(coloured(64, 0), coloured(32, 1), outliers, soft_labels)
    list(train_classifier(recipe, data, TrainOptions(tmp_path / "whole", 2)))
    interrupted = TrainOptions(tmp_path / "interrupted", 2)
    steps = train_classifier(recipe, data, interrupted)
    assert next(steps).scores
    del steps
    list(train_classifier(recipe, data, replace(interrupted, resume=True)))
    whole, resumed = final_state(tmp_path / "whole"), final_state(tmp_path / "interrupted")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    plain = replace(data, outliers=None)
    list(train_classifier(recipe, plain, TrainOptions(tmp_path / "without", 2)))
    without = final_state(tmp_path / "without")
    assert not all(torch.equal(whole[key], without[key]) for key in whole)


def test_it_learns_separable_classes(tmp_path: Path) -> None:
    recipe = small_recipe(optimizer="adam", lr=2e-3, dropout=0.0, pad=0)
    data = ClassifierData(coloured(320, 0), coloured(100, 1))
    steps = train_classifier(recipe, data, TrainOptions(tmp_path, 6))
    accuracies = [step.scores["accuracy"] for step in steps]
    assert accuracies[-1] > 0.6


def test_the_small_network_is_that_of_the_tutorials() -> None:
    model = cnn_cifar10()
    assert sum(p.numel() for p in model.parameters()) == 545_098
    shapes = [tuple(p.shape) for p in model.parameters() if p.ndim > 1]
    assert shapes == [(32, 3, 3, 3), (64, 32, 3, 3), (128, 4096), (10, 128)]


def test_losses_and_penalties_by_hand() -> None:
    model = torch.nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -2.0], [0.0, 0.5]]))
    inputs, targets = torch.tensor([[1.0, 0.0]]), torch.tensor([0])  # logits 1 and 0
    p = float(torch.sigmoid(torch.tensor(1.0)))
    plain = float(classifier_loss(small_recipe(), model, inputs, targets).detach())
    assert plain == pytest.approx(-np.log(p))
    squares = float(classifier_loss(small_recipe(loss="mse"), model, inputs, targets).detach())
    assert squares == pytest.approx((1 - p) ** 2)
    penalised = float(classifier_loss(small_recipe(l1=0.1), model, inputs, targets).detach())
    assert penalised == pytest.approx(plain + 0.35)
    with pytest.raises(ValueError, match="hinge"):
        classifier_loss(small_recipe(loss="hinge"), model, inputs, targets)


def test_the_losses_of_outliers_and_soft_labels_by_hand() -> None:
    model = torch.nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[2.0], [0.0]]))
    own, other = torch.tensor([[1.0]]), torch.tensor([[0.0]])  # logits 2, 0 and 0, 0
    recipe, targets = small_recipe(outlier_weight=0.5), torch.tensor([0])
    alone = float(classifier_loss(recipe, model, own, targets).detach())
    with_unsure = float(classifier_loss(recipe, model, torch.cat([own, other]), targets).detach())
    assert with_unsure == pytest.approx(alone + 0.5 * np.log(2))  # already as unsure as can be
    with_sure = float(classifier_loss(recipe, model, torch.cat([own, own]), targets).detach())
    assert with_sure > with_unsure
    teacher = torch.nn.Linear(1, 2 + CLASSES, bias=False)
    soft_labels = torch.zeros(1, CLASSES)
    soft_labels[0, 7] = 1
    logits = teacher(own)
    expected = torch.nn.functional.cross_entropy(logits[:, :2], targets)
    expected = expected + torch.nn.functional.cross_entropy(logits[:, 2:], torch.tensor([7]))
    recipe = small_recipe(soft_label_weight=1.0)
    both = classifier_loss(recipe, teacher, own, targets, soft_labels)
    assert float(both.detach()) == pytest.approx(float(expected.detach()))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_one_row_of_logits_a_picture(name: str) -> None:
    model = NETWORKS[name](dropout=0.1).eval()
    side, classes = (64, 100) if name.startswith("photo") else (32, 10)
    pictures = torch.randn(2, 3, side, side)
    with torch.inference_mode():
        assert model(pictures).shape == (2, classes)
    assert sum(p.numel() for p in model.parameters()) <= 7e6


def test_a_mirrored_network_gives_a_mirror_image_the_same_logits() -> None:
    torch.manual_seed(0)
    model = Mirrored(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 3)))
    pictures = torch.randn(2, 3, 4, 4)
    model.eval()
    torch.testing.assert_close(model(pictures), model(pictures.flip(3)))
    model.train()
    assert not torch.allclose(model(pictures), model(pictures.flip(3)))


def test_weight_decay_spares_the_biases() -> None:
    groups = make_optimizer(small_recipe(l2=0.01), cnn_cifar10()).param_groups
    assert [group["weight_decay"] for group in groups] == [0.01, 0.0]
    assert all(p.ndim == 1 for p in groups[1]["params"])
    with pytest.raises(ValueError, match="lion"):
        make_optimizer(small_recipe(optimizer="lion"), cnn_cifar10())


def test_logits_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    model, pictures = cnn_cifar10(dropout=0.5), coloured(7, 0)
    mean, std = (0.5, 0.5, 0.5), (0.2, 0.2, 0.2)
    together = logits_of(model, pictures.images, mean, std)
    apart = logits_of(model, pictures.images, mean, std, batch=2)
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_minutes_add_up_over_a_resumed_run(tmp_path: Path) -> None:
    done = Progress(epoch=1, epochs=2, step=5, steps=5, loss=1.0, seconds=120)
    Record(tmp_path, 2, "2 CPU cores", resume=False).note(done)
    second = Record(tmp_path, 2, "2 CPU cores", resume=True)
    second.note(Progress(epoch=2, epochs=2, step=3, steps=5, loss=1.0, seconds=30))
    assert '"minutes": 2.0, "epochs": 1' in (tmp_path / "run.json").read_text()
    second.note(Progress(epoch=2, epochs=2, step=5, steps=5, loss=1.0, seconds=60))
    assert '"minutes": 3.0, "epochs": 2' in (tmp_path / "run.json").read_text()
