"""The training loop on a few made-up pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.lab.cifar import Pictures
from demo.lab.classifier import (
    CHECKPOINT,
    augment,
    logits_of,
    loss_of,
    make_optimizer,
    normalise,
    one_cycle,
    train_classifier,
)
from demo.lab.progress import Progress, Record
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.models.nets import cnn_cifar10


def small_recipe(**changes: object) -> ClassifierRecipe:
    recipe = find_recipe("cnn-cifar10")
    assert isinstance(recipe, ClassifierRecipe)
    return replace(recipe, batch=32, **changes)  # type: ignore[arg-type]


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
    train, test, recipe = coloured(160, 0), coloured(32, 1), small_recipe()
    for _ in train_classifier(recipe, train, test, tmp_path / "whole", 2):
        pass
    broken = train_classifier(recipe, train, test, tmp_path / "broken", 2)
    assert next(broken).epoch == 1
    del broken
    torch.manual_seed(12345)  # whatever happened in between must not matter
    rest = list(train_classifier(recipe, train, test, tmp_path / "broken", 2, resume=True))
    assert [progress.epoch for progress in rest] == [2]
    whole, resumed = final_state(tmp_path / "whole"), final_state(tmp_path / "broken")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    other = replace(recipe, seed=1)
    for _ in train_classifier(other, train, test, tmp_path / "other", 2):
        pass
    assert not torch.equal(final_state(tmp_path / "other")["4.weight"], whole["4.weight"])


def test_it_learns_what_can_be_learned(tmp_path: Path) -> None:
    recipe = small_recipe(optimizer="adam", lr=2e-3, dropout=0.0, pad=0)
    steps = train_classifier(recipe, coloured(320, 0), coloured(100, 1), tmp_path, 6)
    accuracies = [step.scores["accuracy"] for step in steps]
    assert accuracies[-1] > 0.6


def test_the_network_is_the_tutorials() -> None:
    model = cnn_cifar10()
    assert sum(p.numel() for p in model.parameters()) == 545_098
    shapes = [tuple(p.shape) for p in model.parameters() if p.ndim > 1]
    assert shapes == [(32, 3, 3, 3), (64, 32, 3, 3), (128, 4096), (10, 128)]


def test_a_shift_moves_and_a_mirror_turns_every_channel_alike() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(32 * 32).remainder(251).view(1, 1, 32, 32).to(torch.uint8)
    pixels = ramp.expand(64, 3, 32, 32)
    out = augment(pixels, small_recipe(pad=0))
    turned = (out != pixels).flatten(1).any(1)
    assert 16 < int(turned.sum()) < 48
    assert torch.equal(out[turned], pixels[turned].flip(3))
    out = augment(pixels, small_recipe(flip=False))
    assert torch.equal(out[:, 0], out[:, 2])
    wide = torch.nn.functional.pad(ramp.float(), (4,) * 4, mode="reflect")[0, 0].to(torch.uint8)
    windows = {wide[y : y + 32, x : x + 32].numpy().tobytes() for y in range(9) for x in range(9)}
    shown = {picture[0].numpy().tobytes() for picture in out}
    assert shown <= windows
    assert len(shown) > 20


def test_pixels_are_normalised_by_the_card() -> None:
    pixels = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    out = normalise(pixels, (0.5, 0.5, 0.1), (0.25, 0.5, 0.2)).flatten().tolist()
    assert out == pytest.approx([-2.0, 1.0, 0.5])


def test_the_losses_and_penalties_are_what_they_say() -> None:
    model = torch.nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -2.0], [0.0, 0.5]]))
    inputs, targets = torch.tensor([[1.0, 0.0]]), torch.tensor([0])  # logits 1 and 0
    p = float(torch.sigmoid(torch.tensor(1.0)))
    plain = float(loss_of(small_recipe(), model, inputs, targets).detach())
    assert plain == pytest.approx(-np.log(p))
    squares = float(loss_of(small_recipe(loss="mse"), model, inputs, targets).detach())
    assert squares == pytest.approx((1 - p) ** 2)
    penalised = float(loss_of(small_recipe(l1=0.1), model, inputs, targets).detach())
    assert penalised == pytest.approx(plain + 0.35)
    with pytest.raises(ValueError, match="hinge"):
        loss_of(small_recipe(loss="hinge"), model, inputs, targets)


def test_weight_decay_spares_the_biases() -> None:
    groups = make_optimizer(small_recipe(l2=0.01), cnn_cifar10()).param_groups
    assert [group["weight_decay"] for group in groups] == [0.01, 0.0]
    assert all(p.ndim == 1 for p in groups[1]["params"])
    with pytest.raises(ValueError, match="lion"):
        make_optimizer(small_recipe(optimizer="lion"), cnn_cifar10())


def test_the_learning_rate_rises_and_falls() -> None:
    assert one_cycle(0.0) == pytest.approx(0.05)
    assert one_cycle(0.15) == pytest.approx(1.0)
    assert one_cycle(0.575) == pytest.approx(0.5)
    assert one_cycle(1.0) == pytest.approx(0.0)


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
