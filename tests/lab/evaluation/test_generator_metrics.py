"""Metrics of a generator's pictures on examples with known results."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.lab.cards.generator import GeneratorCard
from demo.lab.data.cifar import decode
from demo.lab.evaluation.generator import (
    SEED,
    FeatureExtractor,
    evaluate_generator,
    measure_generator,
)
from demo.lab.evaluation.generator_metrics import (
    Features,
    entropy,
    features_of,
    frechet_distance,
    kid,
    mean_distance,
    nearest_distances,
    root_mean_square,
    share_below,
    squared_mmd,
)
from demo.lab.evaluation.networks import load_generator
from demo.lab.options import EvaluateOptions
from demo.lab.training.generator import generate
from demo.models.networks.classifiers import Mirrored, cnn_cifar10

WEIGHTS = Path(__file__).parents[3] / "weights"


def normal(count: int, seed: int, mean: float = 0.0, std: float = 1.0) -> Features:
    return np.random.default_rng(seed).normal(mean, std, (count, 6)).astype(np.float32)


def pictures(count: int, seed: int) -> NDArray[np.uint8]:
    """Blurry noise, each its own colour."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 4, 4, 3), np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


def test_squared_mmd_by_its_definition() -> None:
    x, y = normal(5, 0), normal(4, 1, mean=0.5)

    def k(a: Features, b: Features) -> float:
        return (float(a.astype(float) @ b.astype(float)) / 6 + 1) ** 3

    own_x = np.mean([k(x[i], x[j]) for i in range(5) for j in range(5) if i != j])
    own_y = np.mean([k(y[i], y[j]) for i in range(4) for j in range(4) if i != j])
    across = np.mean([k(a, b) for a in x for b in y])
    assert squared_mmd(x, y) == pytest.approx(own_x + own_y - 2 * across)


def test_kid_is_about_zero_for_one_distribution_and_grows_with_the_shift() -> None:
    real = normal(2000, 0)
    same = kid(real, normal(2000, 1), subsets=40, size=400)
    assert len(same) == 40
    assert same.min() < 0 < same.max()
    assert abs(same.mean()) < 0.02
    shifts = [kid(real, normal(2000, 1, mean), 10, 400).mean() for mean in (0.2, 0.5, 1.0)]
    assert 0.02 < shifts[0] < shifts[1] < shifts[2]
    assert (kid(real, normal(2000, 1), 3, 400) == same[:3]).all()


def test_frechet_has_the_closed_form_for_normal_distributions() -> None:
    random = np.random.default_rng(0)
    turned, _ = np.linalg.qr(random.normal(size=(6, 6)))
    x: Features = np.asarray(normal(400, 0) * np.arange(1, 7), np.float32)
    y: Features = np.asarray(normal(400, 1) * np.arange(6, 0, -1) @ turned + 2, np.float32)
    first, second = (np.cov(rows.astype(float), rowvar=False) for rows in (x, y))
    # The eigenvalues of the plain product are those of its symmetric form.
    cross = np.sqrt(np.linalg.eigvals(first @ second).real).sum()
    shift = ((x.mean(0, dtype=float) - y.mean(0, dtype=float)) ** 2).sum()
    wanted = shift + np.trace(first) + np.trace(second) - 2 * cross
    assert frechet_distance(x, y) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    # The same shape moved by 3 in each of 6 features.
    assert frechet_distance(x, np.asarray(x + 3, np.float32)) == pytest.approx(6 * 9, rel=1e-4)


def test_variety_by_hand() -> None:
    triangle = np.array([[0, 0], [3, 0], [0, 4]], np.float32)
    assert mean_distance(triangle) == pytest.approx((3 + 4 + 5) / 3)
    assert entropy(np.array([2, 2, 2]), 4) == 0
    assert entropy(np.arange(4), 4) == pytest.approx(np.log(4))
    assert entropy(np.array([0, 0, 0, 1]), 4) == pytest.approx(0.562335, abs=1e-6)
    assert root_mean_square(np.array([[3, 4], [0, 0]], np.float32)) == pytest.approx(2.5)


def test_the_nearest_reference_is_found_in_any_block() -> None:
    rows, references = normal(7, 0), normal(50, 1)
    wanted = np.linalg.norm(rows[:, None] - references[None], axis=2).min(1)
    for blocks in (1, 3, 50):
        found = nearest_distances(rows, np.array_split(references, blocks))
        assert found == pytest.approx(wanted, abs=1e-5)
    assert nearest_distances(rows, [references, rows]) == pytest.approx(np.zeros(7), abs=1e-3)


def test_copies_are_closer_than_the_closest_real_ones() -> None:
    real = np.linspace(1, 2, 1000)
    assert share_below(real, real) == pytest.approx(0.01)
    assert share_below(np.zeros(10), real) == 1
    assert share_below(np.full(10, 3.0), real) == 0


def test_features_are_the_inputs_of_the_last_layer() -> None:
    torch.manual_seed(0)
    network, images = cnn_cifar10().eval(), pictures(5, 0)
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.2, 0.2)
    rows, answers = features_of(network, images, mean, std, batch=2)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    inputs = (pixels - torch.tensor(mean).view(1, 3, 1, 1)) / 0.2
    with torch.inference_mode():
        wanted = network[:-1](inputs)  # type: ignore[index]
        logits = network[-1](wanted)  # type: ignore[index]
        other = network[:-1](inputs.flip(3))  # type: ignore[index]
    assert rows == pytest.approx(wanted.numpy(), abs=1e-5)
    assert answers.tolist() == logits.argmax(1).tolist()
    twice, _ = features_of(Mirrored(network), images, mean, std, batch=2)
    assert twice == pytest.approx(((wanted + other) / 2).numpy(), abs=1e-5)


def test_copies_and_collapsed_pictures_are_detected() -> None:
    extractor = FeatureExtractor(WEIGHTS, "cnn-cifar10")
    train, test, made = pictures(250, 0), pictures(200, 1), pictures(200, 2)
    noise = np.random.default_rng(3).integers(0, 256, test.shape, np.uint8)
    honest = measure_generator(extractor, train, test, made, noise)
    generated, known, untrained, _ = honest.distances
    assert abs(generated.kid) < untrained.kid / 4
    assert generated.fid < untrained.fid
    assert abs(known.kid) < untrained.kid / 4
    assert honest.dimensions == 128
    assert sum(honest.made.classes.values()) == 200
    assert honest.nearest.pixels.closer < 0.1
    copies = measure_generator(extractor, train, test, train[:200, :, ::-1].copy(), noise)
    assert copies.nearest.pixels.closer == 1
    for space in (copies.nearest.features, copies.nearest.pixels):
        assert space.made < 0.05 * space.real
    one = measure_generator(extractor, train, test, made[:1].repeat(200, axis=0), noise)
    assert one.made.entropy == 0
    assert one.made.distance < 1e-3 < one.real.distance
    assert one.distances[0].kid > untrained.kid / 4


def test_a_subset_scores_what_the_card_says(shared_data: Path) -> None:
    card = GeneratorCard.read(WEIGHTS, "dcgan-cifar10")
    published, count = card.generation, 1000
    with np.load(shared_data / "cifar10" / "cifar10.npz") as archive:
        cut = {"header": archive["header"], "test_data": archive["test_data"]}
        real = decode(cut | {"test_len": archive["test_len"][:count]}, "test")
    made = generate(load_generator(WEIGHTS / card.file, card.architecture), count, SEED)
    extractor = FeatureExtractor(WEIGHTS, published.features)
    of_real, of_made = (
        np.asarray(extractor(images)[0] / published.scale, np.float32) for images in (real, made)
    )
    measured = card.measured
    assert measured.low < squared_mmd(of_real, of_made) < measured.high
    _, training, untrained, _ = published.distances
    assert training.high < measured.low < measured.high < untrained.low


def test_other_data_sets_and_unknown_classifiers_are_refused(tmp_path: Path) -> None:
    network = ("dcgan-cifar10", "dcgan-cifar10.safetensors", "dcgan-cifar10")
    other = EvaluateOptions(WEIGHTS, "animals", None, tmp_path)
    with pytest.raises(DemoError, match="cifar10"):
        evaluate_generator(*network, other, "cnn-cifar10")
    cifar = EvaluateOptions(WEIGHTS, "cifar10", None, tmp_path)
    with pytest.raises(DemoError, match="inception"):
        evaluate_generator(*network, cifar, "inception")
