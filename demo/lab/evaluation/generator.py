"""Measuring a shipped generator against real pictures that it never saw."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from demo.errors import DemoError
from demo.lab.data.cifar import cifar10
from demo.lab.evaluation import generator_metrics
from demo.lab.evaluation.classifier import load_classifier, read_facts
from demo.lab.evaluation.generator_metrics import Rows
from demo.lab.training.generator import draw
from demo.models.networks.gan import GENERATORS

Facts = dict[str, Any]
Images = NDArray[np.uint8]

SEED = 1
"""Of the pictures that are measured."""
_SUBSETS, _SUBSET = 100, 1000
_NEIGHBOURS = 1000
_PAIRS = 2000


class Judge:
    """The classifier whose features the pictures are compared in."""

    def __init__(self, weights: Path, name: str) -> None:
        """Loads `weights/<name>`. Raises DemoError where there is no such card."""
        facts = read_facts(weights, name)
        self.name, self.labels = name, tuple(facts["labels"])
        self._mean, self._std = tuple(facts["mean"]), tuple(facts["std"])
        self._model = load_classifier(weights / facts["file"], facts["architecture"])

    def look(self, images: Images) -> tuple[Rows, NDArray[np.int64]]:
        """N×32×32×3 uint8 RGB → N×D features, and N class numbers."""
        return generator_metrics.features_of(self._model, images, self._mean, self._std)


def load_generator(file: Path, architecture: str) -> nn.Module:
    """The network of a safetensors file, float32, in evaluation mode."""
    model = GENERATORS[architecture]()
    model.load_state_dict(load_file(file))
    return model.float().eval()


def evaluate_generator(
    weights: Path, facts: Facts, dataset: str, data: Path | None, cache: Path, features: str
) -> Facts:
    """KID, FID, variety and nearest training pictures of a shipped file; see the card.

    dataset: cifar10. features: name of the classifier in `weights` that they are measured by.
    Raises DemoError for another data set or classifier.
    """
    if dataset != "cifar10":
        raise DemoError("lab_dataset_unknown", name=facts["name"], dataset=dataset, known="cifar10")
    judge = Judge(weights, features)
    train, test = (cifar10(data, part, cache).images for part in ("train", "test"))
    model = load_generator(weights / facts["file"], facts["architecture"])
    torch.manual_seed(SEED)
    untrained = GENERATORS[facts["architecture"]]()
    # Untouched norms divide by 1, which leaves grey; by the batch's own numbers it draws noise.
    untrained.train()
    count = len(test)
    return measure_generator(
        judge, train, test, draw(model, count, SEED), draw(untrained, count, SEED)
    )


def measure_generator(
    judge: Judge, train: Images, test: Images, made: Images, untrained: Images
) -> Facts:
    """The facts of the card's sections on quality, variety and memorising.

    All N×32×32×3 uint8 RGB; test, made and untrained of one length, train no shorter. A KID of
    fewer than 1,000 pictures takes all of them each time.
    """
    known = np.concatenate([judge.look(images)[0] for images in (train, _mirrored(train))])
    (real, said_real), (ours, said_ours) = judge.look(test), judge.look(made)
    scale = generator_metrics.root_mean_square(known)
    known, real, ours = (_scaled(rows, scale) for rows in (known, real, ours))
    random = np.random.default_rng(SEED)
    seen = known[random.choice(len(train), len(test), replace=False)]
    noise = random.integers(0, 256, test.shape, np.uint8)
    others: dict[str, Rows] = {
        f"generated, seed {SEED}": ours,
        "training pictures (as good as it can get)": seen,
        "the same network untrained": _scaled(judge.look(untrained)[0], scale),
        "noise, each value 0–255 alike": _scaled(judge.look(noise)[0], scale),
    }
    return {
        "features": judge.name,
        "dimensions": real.shape[1],
        "scale": scale,
        "pictures": len(test),
        "subsets": _SUBSETS,
        "subset_size": _SUBSET,
        "distances": [_distances(what, real, rows) for what, rows in others.items()],
        "made": _variety(ours, said_ours, judge.labels),
        "real": _variety(real, said_real, judge.labels),
        "most_entropy": math.log(len(judge.labels)),
        "neighbours": min(_NEIGHBOURS, len(test)),
        "nearest": {
            "features": _nearest(ours, real, partial(np.array_split, known, 20)),
            "pixels": _nearest(_flat(made), _flat(test), partial(_blocks, train)),
        },
    }


def _scaled(rows: Rows, scale: float) -> Rows:
    return np.asarray(rows / scale, np.float32)


def _distances(what: str, real: Rows, other: Rows) -> Facts:
    values = generator_metrics.kid(real, other, _SUBSETS, min(_SUBSET, len(real)))
    low, high = np.quantile(values, (0.025, 0.975)).tolist()
    return {
        "what": what,
        "kid": float(values.mean()),
        "kid_std": float(values.std()),
        "low": low,
        "high": high,
        "fid": generator_metrics.frechet(real, other),
    }


def _variety(rows: Rows, answers: NDArray[np.int64], labels: tuple[str, ...]) -> Facts:
    counts = np.bincount(answers, minlength=len(labels)).tolist()
    return {
        "distance": generator_metrics.mean_distance(rows[:_PAIRS]),
        "entropy": generator_metrics.entropy(answers, len(labels)),
        "classes": dict(zip(labels, counts, strict=True)),
    }


def _nearest(made: Rows, real: Rows, known: Callable[[], Iterable[Rows]]) -> Facts:
    """known: the training pictures and their mirror images, in blocks, as often as asked."""
    of_made, of_real = (
        generator_metrics.nearest(part[:_NEIGHBOURS], known()) for part in (made, real)
    )
    return {
        "made": float(np.median(of_made)),
        "real": float(np.median(of_real)),
        "closer": generator_metrics.share_below(of_made, of_real),
    }


def _blocks(images: Images) -> Iterator[Rows]:
    # All at once would take 1.2 GB.
    for part in np.array_split(images, max(len(images) // 5000, 1)):
        yield _flat(part)
        yield _flat(_mirrored(part))


def _mirrored(images: Images) -> Images:
    # torch takes no arrays that run backwards.
    return np.ascontiguousarray(images[:, :, ::-1])


def _flat(images: Images) -> Rows:
    """One picture a row, 0–1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
