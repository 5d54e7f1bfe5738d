"""The check tells maps that know something from those that do not."""

import numpy as np
import pytest
import torch
from torch import nn

from demo.explain import methods
from demo.explain.curves import LEVELS, RANDOM_MAPS, Chance, Curves, auc, cells, curves
from demo.explain.passes import Passes
from demo.explain.randomisation import randomise, randomised_map, similarity
from demo.models.target import Target
from tests.explain.conftest import (
    Textured,
    passes_of,
    shuffled,
    small_network,
    spec_of,
    textured,
)

PICTURES = 40


@pytest.fixture(scope="module")
def pictures() -> list[Textured]:
    generator = np.random.default_rng(11)
    return [textured(generator) for _ in range(PICTURES)]


def asked(network: nn.Module, one: Textured) -> Passes:
    return passes_of(spec_of(network), network, one.image, Target(one.class_id))


def test_maps_of_the_patch_are_better_than_random_and_shuffled_ones_are_not(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    method = methods.find("layer-cam")
    good, by_chance, shuffles = 0, 0, 20
    for number, one in enumerate(pictures):
        passes = asked(trained, one)
        grid = cells(method.explain(passes, ["8"]))
        chance = Chance(passes, grid.shape[:2])
        good += chance.curves(grid).better_than_random
        for seed in range(shuffles):
            mixed = shuffled(grid, shuffles * number + seed)
            by_chance += chance.curves(mixed).better_than_random
    assert good >= 0.95 * PICTURES
    # An order and its opposite are equally likely, so that the best of ten pairs of random maps is
    # beaten by chance in 1 of 22 at most.
    assert by_chance <= 0.05 * shuffles * PICTURES


def test_a_check_takes_the_passes_that_it_says(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    passes = asked(trained, pictures[0])
    before = passes.progress.done
    found = curves(passes, methods.find("layer-cam").explain(passes, ["8"]))
    assert passes.progress.done - before == 2 + 46
    assert found.random_deletion.shape == (RANDOM_MAPS, len(LEVELS))
    # All curves begin and end at the whole picture and at the even one.
    whole, nothing = found.deletion[0], found.deletion[-1]
    assert (found.random_deletion[:, 0] == whole).all()
    assert (found.random_insertion[:, 0] == nothing).all()
    assert found.insertion[0] == nothing
    assert whole == pytest.approx(passes.score(passes.inputs))


def test_the_random_maps_share_their_passes_rightly(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    """Insertion of one order is deletion of the opposite one, backwards."""
    passes = asked(trained, pictures[1])
    grid = np.arange(25, dtype=np.float32).reshape(5, 5)
    one, opposite = curves(passes, grid), curves(passes, -grid)
    np.testing.assert_allclose(one.insertion, opposite.deletion[::-1], atol=1e-9)


def test_the_area_is_the_mean_height() -> None:
    assert auc(np.array([0.0, 1 / 3, 2 / 3, 1.0])) == pytest.approx(0.5)
    assert auc(np.array([1.0, 1.0, 1.0, 1.0])) == pytest.approx(1)


def test_a_map_has_to_beat_every_random_one() -> None:
    low, high = np.zeros(4), np.ones(4)
    lows, highs = np.zeros((20, 4)), np.ones((20, 4))
    assert Curves(low, high, highs, lows).better_than_random
    assert not Curves(low, high, lows, highs).better_than_random
    assert not Curves(low, low, lows, lows).better_than_random


def test_random_weights_change_the_map_of_what_was_learned(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    method = methods.find("grad-cam")
    values = []
    for one in pictures[:8]:
        passes = asked(trained, one)
        heat = method.explain(passes, ["8"])
        values.append(similarity(heat, randomised_map(method, passes, ["8"], 1.0)))
        assert similarity(heat, method.explain(passes, ["8"])) == pytest.approx(1)
    assert np.median(values) < 0.5


def test_randomising_leaves_the_first_layers_and_the_original(trained: nn.Module) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    copy = small_network()
    copy.load_state_dict(trained.state_dict())
    randomise(copy, 1 / 3)
    changed = {
        name for name, value in copy.named_parameters() if not torch.equal(value, before[name])
    }
    assert changed == {"7.weight", "7.bias", "11.weight", "11.bias"}
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())


def test_similarity_is_of_ranks() -> None:
    ramp = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert similarity(ramp, ramp**3) == pytest.approx(1)
    assert similarity(ramp, -ramp) == pytest.approx(-1)
    assert similarity(ramp, np.ones((4, 4), np.float32)) == 0
