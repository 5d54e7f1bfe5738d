"""The check tells maps that know something from those that do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from demo import tasks
from demo.explain import explanation, methods
from demo.explain.curves import LEVELS, RANDOM_MAPS, Chance, Curves, auc, cells, curves
from demo.explain.method import HeatMap
from demo.explain.methods.layer_cam import LayerCam
from demo.explain.passes import Passes, Progress
from demo.explain.placement import place_of
from demo.explain.randomisation import UNCHANGED, randomise, randomised_map, similarity
from demo.geometry.letterbox import Letterbox
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest, Prepared
from demo.models.target import Target
from demo.service import examples
from demo.settings import Settings
from tests.explain.conftest import (
    Textured,
    passes_of,
    shuffled,
    small_network,
    spec_of,
    textured,
)

PICTURES = 40
SOME = Curves(*np.zeros((2, 4)), *np.zeros((2, 20, 4)))


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
        alike = similarity(heat, randomised_map(method, passes, ["8"], 1.0))
        assert alike is not None
        values.append(alike)
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


def test_only_the_inside_of_a_box_counts() -> None:
    """Two maps that have nothing in common but the place that gradients reach."""
    generator = np.random.default_rng(0)
    one, other = np.zeros((2, 20, 20), np.float32)
    one[5:12, 4:11], other[5:12, 4:11] = generator.random((2, 7, 7), np.float32)
    whole = similarity(one, other)
    assert whole is not None
    assert whole > UNCHANGED
    inside = similarity(one, other, (4 / 20, 5 / 20, 11 / 20, 12 / 20))
    assert inside is not None
    assert abs(inside) < 0.4
    assert similarity(one, one, (0.2, 0.25, 0.55, 0.6)) == pytest.approx(1)
    assert similarity(one, other, (0.2, 0.25, 0.29, 0.6)) is not None
    assert similarity(one, other, (0.2, 0.25, 0.29, 0.39)) is None, "2 × 3 cells say nothing"


def test_the_place_of_a_box_is_a_share_of_the_input() -> None:
    """A picture of 200 × 100 in an input of 64 × 64: 16 rows of grey above and below."""
    geometry = Letterbox.fill((200, 100), (64, 64))
    prepared = Prepared(np.zeros((1, 3, 64, 64), np.float32), geometry)
    place = place_of(Target(0, (100, 0, 200, 50)), prepared)
    assert place == pytest.approx((0.5, 0.25, 1, 0.5), abs=0.01)
    assert place_of(Target(0), prepared) == (0, 0, 1, 1)


class Edges(LayerCam):
    """What the layers give, whatever it speaks for."""

    def of_layer(self, passes: Passes, name: str) -> HeatMap:
        """The sum of the channels."""

        def added(network: nn.Module, inputs: torch.Tensor) -> HeatMap:
            kept: list[torch.Tensor] = []
            layer = network.get_submodule(name)
            hook = layer.register_forward_hook(lambda _, __, out: kept.append(out))
            network(inputs)
            hook.remove()
            heat: HeatMap = kept[0].detach().relu().sum(1)[0].numpy()
            return heat

        return passes.run(added)


def test_the_map_of_a_box_that_ignores_the_last_layers_is_told_from_one_that_does_not(
    tmp_path: Path,
) -> None:
    """yolo-vitrine on photos with persons: of Grad-CAM little stays, of its features all."""
    engine = LocalEngine(Settings(cache_dir=tmp_path, offline=True, device="cpu", threads=1))
    spec, tested = engine.spec("yolo-vitrine"), 0
    try:
        for path in (examples.paths()[0], examples.paths()[2]):
            image = decode(path.read_bytes(), Limits()).rgb
            found = engine.run(spec.name, ImageRequest(image)).result
            task = tasks.find(spec.task)
            target = task.target(spec, task.refine(spec, found, task.parse(spec, {})), "")
            question = explanation.asked(spec, "grad-cam", target)
            verdicts = []
            for method in (question.method, Edges()):
                wanted = replace(question, method=method, layers=spec.cam_layers)
                made = explanation.explain(engine, spec.name, ImageRequest(image), wanted)
                alike = explanation.weights_similarity(engine, spec.name, made, Progress())
                verdicts.append(explanation.Checks(SOME, alike, 0).depends_on_weights)
            assert verdicts in ([True, False], [None, None])
            tested += verdicts[0] is not None
    finally:
        engine.close()
    assert tested == 2


def test_similarity_is_of_ranks() -> None:
    ramp = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert similarity(ramp, ramp**3) == pytest.approx(1)
    assert similarity(ramp, -ramp) == pytest.approx(-1)
    assert similarity(ramp, np.ones((4, 4), np.float32)) == 0
