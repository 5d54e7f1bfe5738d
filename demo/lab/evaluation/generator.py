"""Scores of a generator against real pictures that it was not trained on."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from demo.lab.cards.classifier import ClassifierCard
from demo.lab.cards.generator import Distances, GeneratorScores, Nearest, NearestBySpace, Variety
from demo.lab.data.cifar import cifar10
from demo.lab.evaluation import generator_metrics
from demo.lab.evaluation.classifier import check_dataset
from demo.lab.evaluation.generator_metrics import Features
from demo.lab.evaluation.networks import load_classifier, load_generator
from demo.lab.options import EvaluateOptions
from demo.lab.training.generator import generate
from demo.models.networks.gan import GENERATORS

Images = NDArray[np.uint8]

SEED = 1
"""Seed of the pictures that are measured."""
_SUBSETS, _SUBSET_SIZE = 100, 1000
_NEIGHBOURS = 1000
_MAX_PAIRED = 2000
"""Pictures whose pairwise distances are averaged."""
_BLOCK = 5000
"""Training pictures that are compared at once; all of them would take 1.2 GB."""


class FeatureExtractor:
    """The published classifier in whose features pictures are compared."""

    def __init__(self, weights: Path, name: str) -> None:
        """Load the classifier `name` from `weights`. Raises DemoError where there is none."""
        card = ClassifierCard.read(weights, name)
        self.name, self.labels = name, card.labels
        self._mean, self._std = card.mean, card.std
        self._model = load_classifier(weights / card.file, card.architecture)

    def __call__(self, images: Images) -> tuple[Features, NDArray[np.int64]]:
        """N×32×32×3 uint8 RGB → N×D features, and N predicted classes."""
        return generator_metrics.features_of(self._model, images, self._mean, self._std)


def evaluate_generator(
    name: str, file: str, architecture: str, options: EvaluateOptions, features: str
) -> GeneratorScores:
    """KID, FID, variety and nearest training pictures of the generator in a weight file.

    Args:
        name, file, architecture: of the generator; the file lies in `options.weights`.
        features: name of the classifier in `options.weights` that it is measured by.

    Raises:
        DemoError: the data set is not cifar10, or there is no such classifier.
    """
    check_dataset(name, options.dataset, ("cifar10",))
    extractor = FeatureExtractor(options.weights, features)
    parts = (cifar10(options.data, part, options.cache) for part in ("train", "test"))
    train, test = (pictures.images for pictures in parts)
    model = load_generator(options.weights / file, architecture)
    torch.manual_seed(SEED)
    untrained = GENERATORS[architecture]()
    # In evaluation mode untrained norms divide by 1, which gives grey; by the statistics of the
    # batch it draws noise.
    untrained.train()
    generated, noise = (generate(network, len(test), SEED) for network in (model, untrained))
    return measure_generator(extractor, train, test, generated, noise)


def measure_generator(
    extractor: FeatureExtractor, train: Images, test: Images, made: Images, untrained: Images
) -> GeneratorScores:
    """Quality, variety and memorising of the pictures `made` by a generator.

    All N×32×32×3 uint8 RGB; test, made and untrained (pictures of the untrained network) of one
    length, train no shorter. KID's subsets hold all pictures where there are fewer than 1,000.
    """
    known = np.concatenate([extractor(images)[0] for images in (train, _mirrored(train))])
    (real, real_classes), (ours, our_classes) = extractor(test), extractor(made)
    scale = generator_metrics.root_mean_square(known)
    known, real, ours = (_scaled(rows, scale) for rows in (known, real, ours))
    random = np.random.default_rng(SEED)
    sample = known[random.choice(len(train), len(test), replace=False)]
    noise = random.integers(0, 256, test.shape, np.uint8)
    others: dict[str, Features] = {
        f"generated, seed {SEED}": ours,
        "training pictures (as good as it can get)": sample,
        "the same network untrained": _scaled(extractor(untrained)[0], scale),
        "noise, each value 0–255 alike": _scaled(extractor(noise)[0], scale),
    }
    return GeneratorScores(
        features=extractor.name,
        dimensions=real.shape[1],
        scale=scale,
        pictures=len(test),
        subsets=_SUBSETS,
        subset_size=_SUBSET_SIZE,
        distances=tuple(_distances(what, real, rows) for what, rows in others.items()),
        made=_variety(ours, our_classes, extractor.labels),
        real=_variety(real, real_classes, extractor.labels),
        most_entropy=math.log(len(extractor.labels)),
        neighbours=min(_NEIGHBOURS, len(test)),
        nearest=NearestBySpace(
            features=_nearest(ours, real, partial(np.array_split, known, 20)),
            pixels=_nearest(_flat(made), _flat(test), partial(_blocks, train)),
        ),
    )


def _scaled(rows: Features, scale: float) -> Features:
    return np.asarray(rows / scale, np.float32)


def _distances(what: str, real: Features, other: Features) -> Distances:
    values = generator_metrics.kid(real, other, _SUBSETS, min(_SUBSET_SIZE, len(real)))
    low, high = np.quantile(values, (0.025, 0.975)).tolist()
    return Distances(
        what=what,
        kid=float(values.mean()),
        kid_std=float(values.std()),
        low=low,
        high=high,
        fid=generator_metrics.frechet_distance(real, other),
    )


def _variety(rows: Features, classes: NDArray[np.int64], labels: tuple[str, ...]) -> Variety:
    counts = np.bincount(classes, minlength=len(labels)).tolist()
    return Variety(
        distance=generator_metrics.mean_distance(rows[:_MAX_PAIRED]),
        entropy=generator_metrics.entropy(classes, len(labels)),
        classes=dict(zip(labels, counts, strict=True)),
    )


def _nearest(
    made: Features, real: Features, known_blocks: Callable[[], Iterable[Features]]
) -> Nearest:
    """known_blocks: returns the training pictures and their mirror images, block by block."""
    of_made, of_real = (
        generator_metrics.nearest_distances(part[:_NEIGHBOURS], known_blocks())
        for part in (made, real)
    )
    return Nearest(
        made=float(np.median(of_made)),
        real=float(np.median(of_real)),
        closer=generator_metrics.share_below(of_made, of_real),
    )


def _blocks(images: Images) -> Iterator[Features]:
    for part in np.array_split(images, max(len(images) // _BLOCK, 1)):
        yield _flat(part)
        yield _flat(_mirrored(part))


def _mirrored(images: Images) -> Images:
    # A copy: torch takes no arrays with negative strides.
    return np.ascontiguousarray(images[:, :, ::-1])


def _flat(images: Images) -> Features:
    """One picture a row, 0–1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
