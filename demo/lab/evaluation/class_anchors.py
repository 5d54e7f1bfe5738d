"""Calibration of the rule that asks another network how near a photo is to the classes.

A photo's features of EfficientNet-Lite, at length 1, are compared with an anchor of each class: the
mean of the class's training photos (cosine to the nearest class mean), moved along a linear probe
that tells the training photos from outliers that were shown. The anchors are kept at a low rank.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from demo.lab.evaluation.linear_probe import fit
from demo.models.networks.class_anchors import ClassAnchors, lite_inputs
from demo.models.networks.efficientnet_lite import EfficientNetLite

RANK = 32
"""Of the anchors; what fits into 10 MiB beside the network."""
_SHIFT = 0.5
"""Weight of the probe against the cosine, each in its standard deviations over held-out photos."""
_FALSE_ALARM = 0.04
"""Share of rejected held-out photos at which the threshold is set."""
_BATCH = 8

Features = NDArray[np.float64]
"""N×features."""


@torch.inference_mode()
def features_of(backbone: EfficientNetLite, images: NDArray[np.uint8]) -> Features:
    """N×S×S×3 uint8 RGB → features."""
    parts = []
    for i in range(0, len(images), _BATCH):
        pixels = torch.from_numpy(images[i : i + _BATCH]).permute(0, 3, 1, 2).float()
        inputs = lite_inputs(pixels).contiguous(memory_format=torch.channels_last)
        parts.append(backbone.features(inputs).numpy())
    return np.concatenate(parts).astype(np.float64)


def fit_anchors(
    photos: Features, targets: NDArray[np.int64], shown: Features, held_out: Features
) -> ClassAnchors:
    """Anchors of the classes 0 to the largest of `targets`, in numbers that float16 holds.

    Args:
        photos: of the classes, with their classes in `targets`.
        shown: of other things.
        held_out: of the classes and not in `photos`; they set the scales of the two parts.
    """
    photos, shown, held_out = map(_directions, (photos, shown, held_out))
    classes = range(int(targets.max()) + 1)
    means = _directions(np.stack([photos[targets == label].mean(0) for label in classes]))
    probe = fit(photos, [shown], held_out).weights
    scale = (held_out @ means.T).max(1).std() / (held_out @ probe).std()
    left, strength, right = np.linalg.svd(means + _SHIFT * scale * probe, full_matrices=False)
    kept = min(RANK, len(strength))
    coordinates = left[:, :kept] * strength[:kept]
    return ClassAnchors(_as_half(right[:kept]), _as_half(coordinates))


def threshold_of(anchors: ClassAnchors, held_out: Features) -> float:
    """The nearness below which a photo is rejected."""
    return round(float(np.quantile(nearness(anchors, held_out), _FALSE_ALARM)), 6)


@torch.inference_mode()
def nearness(anchors: ClassAnchors, features: Features) -> NDArray[np.float32]:
    """N×features → N, high where a photo is near to a class."""
    scores: NDArray[np.float32] = anchors(torch.from_numpy(features).float())[:, 0].numpy()
    return scores


def _directions(features: Features) -> Features:
    lengths: Features = np.linalg.norm(features, axis=1, keepdims=True)
    return features / lengths


def _as_half(values: Features) -> torch.Tensor:
    return torch.from_numpy(values).half().float()
