"""Training of a generator and a discriminator on a few synthetic pictures; the loaded result."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from demo.backends.torch_cpu import BACKEND
from demo.errors import DemoError
from demo.lab.evaluation.networks import load_generator
from demo.lab.options import TrainOptions
from demo.lab.recipe import GeneratorRecipe, find_recipe
from demo.lab.training.batches import mirror_half
from demo.lab.training.checkpoints import CHECKPOINT
from demo.lab.training.generator import (
    Gan,
    generate,
    scale_pixels,
    train_generator,
    update_average,
    update_batch_norms,
)
from demo.lab.training.weights_file import half_state
from demo.models import bundled
from demo.models.networks.gan import NOISE, Discriminator, Generator, noise_of, to_pictures
from demo.models.score import format_score
from demo.models.spec import ImageRequest, NoiseRequest, WeightsFile
from demo.results import GeneratedImages

pytestmark = pytest.mark.usefixtures("one_thread")


def small_recipe(**changes: object) -> GeneratorRecipe:
    recipe = find_recipe("dcgan-cifar10")
    assert isinstance(recipe, GeneratorRecipe)
    return replace(recipe, width=8, batch=16, **changes)  # type: ignore[arg-type]


def reds(count: int) -> NDArray[np.uint8]:
    """Bright red pictures with a little noise, count×32×32×3 uint8 RGB."""
    noise = np.random.default_rng(0).integers(0, 40, (count, 32, 32, 3))
    return np.asarray(noise + np.array([200, 10, 10]), np.uint8)


def final(run: Path) -> dict[str, torch.Tensor]:
    state = torch.load(run / CHECKPOINT, weights_only=True)
    networks = ("generator", "discriminator", "average")
    return {f"{name}.{key}": value for name in networks for key, value in state[name].items()}


def test_interrupted_equals_uninterrupted_bit_for_bit(tmp_path: Path) -> None:
    recipe, images = small_recipe(), reds(50)
    steps = list(train_generator(recipe, images, TrainOptions(tmp_path / "whole", 2)))
    assert [(step.epoch, step.step, step.steps) for step in steps] == [(1, 3, 3), (2, 3, 3)]
    interrupted = TrainOptions(tmp_path / "interrupted", 2)
    part = train_generator(recipe, images, interrupted)
    assert next(part).epoch == 1
    del part
    torch.manual_seed(12345)  # random numbers drawn in between must not matter
    rest = list(train_generator(recipe, images, replace(interrupted, resume=True)))
    assert [step.epoch for step in rest] == [2]
    whole, resumed = final(tmp_path / "whole"), final(tmp_path / "interrupted")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    other = TrainOptions(tmp_path / "other", 2)
    list(train_generator(replace(recipe, seed=1), images, other))
    assert not torch.equal(
        final(tmp_path / "other")["generator.1.weight"], whole["average.1.weight"]
    )


def test_it_learns_the_colour_of_all_pictures(tmp_path: Path) -> None:
    recipe, images = small_recipe(lr=2e-3, average=0.9), reds(160)
    list(train_generator(recipe, images, TrainOptions(tmp_path, 6)))
    gan = Gan.new(recipe)
    update_batch_norms(gan.average, 0, batches=2)
    before = generate(gan.average, 32, 0).mean((0, 1, 2))
    assert before == pytest.approx([128] * 3, abs=20)
    assert gan.restore(tmp_path) == 6
    update_batch_norms(gan.average, 0, batches=2)
    red, green, blue = generate(gan.average, 32, 0).mean((0, 1, 2))
    assert red > 170
    assert max(green, blue) < 80


def test_the_networks_have_the_shapes_of_radford_et_al() -> None:
    generator, discriminator = Generator(), Discriminator()
    assert sum(p.numel() for p in generator.parameters()) == 1_068_931
    shapes = [tuple(p.shape) for p in generator.parameters() if p.ndim > 1]
    assert shapes == [(100, 256, 4, 4), (256, 128, 4, 4), (128, 64, 4, 4), (64, 3, 4, 4)]
    slopes = {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}
    pictures = generator(torch.randn(4, NOISE))
    assert pictures.shape == (4, 3, 32, 32)
    assert pictures.abs().max() <= 1
    assert discriminator(pictures).shape == (4,)
    spread = torch.cat([p.flatten() for p in generator.parameters() if p.ndim > 1]).std()
    assert float(spread.detach()) == pytest.approx(0.02, rel=0.01)


def test_the_average_follows_slowly() -> None:
    slow, fast = nn.Linear(1, 1), nn.Linear(1, 1)
    with torch.no_grad():
        slow.weight.fill_(1.0)
        fast.weight.fill_(3.0)
    update_average(slow, fast, 0.75)
    assert slow.weight.item() == 1.5
    assert fast.weight.item() == 3.0


def test_scaled_pixels_convert_back_to_the_same_values() -> None:
    every = torch.arange(256, dtype=torch.uint8).repeat(3).view(1, 3, 16, 16)
    inputs = scale_pixels(every)
    assert (inputs.min().item(), inputs.max().item()) == (-1, 1)
    assert np.array_equal(to_pictures(inputs), every.permute(0, 2, 3, 1).numpy())


def test_half_are_mirrored_and_nothing_else_changes() -> None:
    torch.manual_seed(0)
    pixels = torch.arange(32).to(torch.uint8).expand(100, 3, 32, 32)
    out = mirror_half(pixels)
    turned = (out != pixels).flatten(1).any(1)
    assert 30 < int(turned.sum()) < 70
    assert torch.equal(out[turned], pixels[turned].flip(3))


def test_updated_batch_norms_hold_the_statistics_of_their_inputs() -> None:
    torch.manual_seed(0)
    generator = Generator(4)
    update_batch_norms(generator, 7, batches=3)
    assert not generator.training
    with torch.inference_mode():
        inputs = nn.Sequential(*list(generator)[:2])(noise_of(7, 768))
    norm = generator[2]
    assert isinstance(norm, nn.BatchNorm2d)
    torch.testing.assert_close(norm.running_mean, inputs.mean((0, 2, 3)), rtol=0, atol=1e-5)


def test_a_picture_depends_on_the_seed_and_its_index_only() -> None:
    torch.manual_seed(0)
    generator = Generator(4)
    update_batch_norms(generator, 0, batches=1)
    many = generate(generator, 40, seed=3, batch=16)
    assert np.array_equal(generate(generator, 5, seed=3), many[:5])
    assert not np.array_equal(generate(generator, 5, seed=4), many[:5])
    assert len(np.unique(many, axis=0)) == 40


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A folder with a random generator and the facts of its card that the catalog reads."""
    from safetensors.torch import save_file

    torch.manual_seed(0)
    generator = Generator()
    update_batch_norms(generator, 0, batches=1)
    save_file(half_state(generator.state_dict()), tmp_path / "tiny.safetensors")
    facts = {
        "name": "tiny",
        "task": "generate",
        "file": "tiny.safetensors",
        "sha256": "00",
        "size_bytes": 1,
        "params": 1,
        "labels": [],
        "input_size": [NOISE],
        "architecture": "dcgan-cifar10",
        "licence": "AGPL-3.0",
        "source": "here",
        "measured": {
            "dataset": "own test",
            "metric": "KID",
            "value": 0.75,
            "low": 0.7,
            "high": 0.8,
            "n": 9,
        },
        "unknown": None,
    }
    (tmp_path / "tiny.json").write_text(json.dumps(facts), "utf-8")
    return tmp_path


def test_the_catalogs_model_draws_the_same_pictures_as_the_lab(card: Path) -> None:
    [spec] = bundled.read(card)
    assert (spec.task, spec.labels, spec.input_size) == ("generate", (), NOISE)
    assert spec.measured is not None
    assert format_score(spec.measured) == "own KID 0.7500"
    file = card / "tiny.safetensors"
    runner = BACKEND.load(spec, WeightsFile(file, ""))
    assert runner.size_bytes > 4e6
    prepared = spec.family.preprocess(NoiseRequest(seed=5, count=3))
    result = spec.family.postprocess(runner.run(prepared.inputs), prepared)
    assert isinstance(result, GeneratedImages)
    wanted = generate(load_generator(file, spec.architecture), 3, 5)
    np.testing.assert_allclose(result.images.astype(int), wanted.astype(int), atol=1)


def test_it_refuses_a_picture_as_input(card: Path) -> None:
    [spec] = bundled.read(card)
    with pytest.raises(DemoError, match="takes none") as raised:
        spec.family.preprocess(ImageRequest(np.zeros((32, 32, 3), np.uint8)))
    assert raised.value.key == "takes_no_picture"


def test_another_networks_weights_are_refused(card: Path) -> None:
    from safetensors.torch import save_file

    save_file(half_state(Generator(8).state_dict()), card / "tiny.safetensors")
    [spec] = bundled.read(card)
    with pytest.raises(DemoError) as raised:
        spec.network(WeightsFile(card / "tiny.safetensors", ""))
    assert raised.value.key == "weights_do_not_fit"
