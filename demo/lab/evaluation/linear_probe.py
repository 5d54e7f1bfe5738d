"""Calibration of the sign by which an ImageNet classifier doubts pictures that are no photos.

A linear probe (Alain and Bengio 2016, arXiv:1610.01644) on the logits tells photos from noise,
textures, drawings and text, which `demo.lab.data.synthetic` draws. What it does with a kind of
pictures that it was not fitted on is measured by leaving that kind out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from demo.lab.data import synthetic
from demo.lab.data.boxed_photos import Photo
from demo.lab.data.detection_photos import detection_photos
from demo.lab.data.read import read_photo
from demo.models.classifier import LINEAR_PROBE
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Image

_FITTED = {"caltech101": 4, "coco128": 1, "animals": 6, "vehicles": 3}
"""Set → one in so many of its training photos is fitted on."""
_HELD_OUT = {"caltech101": 2, "coco128": 1, "animals": 4, "vehicles": 1, "voc_mixed": 1}
"""Set → one in so many of its test photos is used."""
_DRAWN_TO_FIT, _DRAWN_TO_MEASURE = 200, 250
"""Pictures of each kind."""
_RIDGE = 0.3
"""Weight of the squared weights in the loss."""
_FALSE_ALARM = 0.04
"""Share of doubted photos at which the threshold is set."""

Logits = NDArray[np.float64]
Ask = Callable[[Iterable[Image]], Logits]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """score = weights · logits; a photo where score ≥ threshold."""

    weights: NDArray[np.float64]
    threshold: float

    def doubted(self, logits: Logits) -> int:
        """How many of N×C logits are called no photo."""
        return int((logits @ self.weights < self.threshold).sum())


def calibrate(spec: ModelSpec, network: nn.Module, data: Path) -> dict[str, object]:
    """The facts of the rule of a classifier, as its JSON file holds them.

    Fitted on training photos and on drawn pictures; the threshold is set on the even ones of the
    held-out photos; the false alarms are counted on the odd ones. What is caught is counted on
    further drawn pictures, for each kind by a probe that was fitted without that kind, since
    nobody's drawings look like ours; `caught_of_fitted` counts what the rule itself does with them.
    Raises DemoError where the data are missing.
    """

    def ask(pictures: Iterable[Image]) -> Logits:
        return np.stack([_logits(spec, network, picture) for picture in pictures])

    fitted = ask(read_photo(photo.path) for photo in _some(data, _FITTED, is_test=False))
    held_out = ask(read_photo(photo.path) for photo in _some(data, _HELD_OUT, is_test=True))
    shown = {kind: ask(synthetic.pictures(kind, _DRAWN_TO_FIT, 1)) for kind in synthetic.KINDS}
    drawn = {kind: ask(synthetic.pictures(kind, _DRAWN_TO_MEASURE, 0)) for kind in synthetic.KINDS}
    probe = fit(fitted, list(shown.values()), held_out[::2])
    unseen = {
        kind: fit(fitted, [other for name, other in shown.items() if name != kind], held_out[::2])
        for kind in synthetic.KINDS
    }
    caught = {kind: unseen[kind].doubted(logits) for kind, logits in drawn.items()}
    return {
        "method": LINEAR_PROBE,
        "temperature": 1.0,
        "threshold": round(probe.threshold, 4),
        "false_alarm": round(probe.doubted(held_out[1::2]) / len(held_out[1::2]), 4),
        "photos": len(held_out[1::2]),
        "caught": sum(caught.values()),
        "foreign": sum(len(logits) for logits in drawn.values()),
        "caught_by_kind": caught,
        "caught_of_fitted": {kind: probe.doubted(logits) for kind, logits in drawn.items()},
        "weights": [round(float(value), 5) for value in probe.weights],
    }


def fit(photos: Logits, drawn: Sequence[Logits], held_out: Logits) -> Probe:
    """Logistic regression with a ridge, both sides of equal weight; the threshold by `held_out`."""
    others = np.concatenate(drawn)
    mean, spread = photos.mean(0), photos.std(0)
    inputs = torch.from_numpy((np.concatenate([photos, others]) - mean) / spread)
    targets = torch.cat([torch.ones(len(photos)), torch.zeros(len(others))]).double()
    importance = torch.where(targets > 0, len(others) / len(photos), 1.0)
    layer = nn.Linear(inputs.shape[1], 1).double()
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        scores = layer(inputs)[:, 0]
        loss = F.binary_cross_entropy_with_logits(scores, targets, weight=importance)
        loss = loss + _RIDGE * (layer.weight**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    weights: NDArray[np.float64] = layer.weight.detach().numpy()[0] / spread
    return Probe(weights, float(np.quantile(held_out @ weights, _FALSE_ALARM)))


def _some(data: Path, every: Mapping[str, int], is_test: bool) -> list[Photo]:
    parts = []
    for name, step in every.items():
        photos = [p for p in detection_photos(data, name) if p.is_test is is_test]
        parts.append(photos[::step])
    return [photo for part in parts for photo in part]


@torch.inference_mode()
def _logits(spec: ModelSpec, network: nn.Module, picture: Image) -> Logits:
    inputs = torch.from_numpy(spec.family.preprocess(ImageRequest(picture)).inputs)
    answer: Logits = network(inputs)[0].double().numpy()
    return answer
