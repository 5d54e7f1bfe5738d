"""The model-randomisation test: how far a map changes with the weights (Adebayo et al. 2018).

A map that stays the same when the weights are random shows edges of the picture, not what the
network has learned (arXiv:1810.03292).

Of one box of a detector the whole map says little: gradients reach only the surroundings of the
box, whatever the weights are, so that two maps are alike in what both leave out. Inside of the box
the place explains nothing, and there the maps are compared.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING

import cv2
import numpy as np

from demo.explain.curves import cells
from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes
from demo.explain.placement import WHOLE, Share

if TYPE_CHECKING:
    from torch import nn


UNCHANGED = 0.5**0.5
"""Rank correlation from which on a map counts as the same map: its square is the share of the
variance of the ranks that both have in common, more than half."""
MIN_CELLS = 9
"""Cells of a box, at least, for a correlation to say anything."""
_SEED = 1810


def randomised_map(method: Method, passes: Passes, layers: Sequence[str], share: float) -> HeatMap:
    """The map of the same network with random weights in the last `share` of its layers."""
    changed = passes.with_network(lambda network: randomise(network, share))
    return method.quick().explain(changed, layers)


def similarity(one: HeatMap, other: HeatMap, place: Share = WHOLE) -> float | None:
    """Spearman's rank correlation of two maps over the cells of the coarser one, −1…1.

    0 where one of them is even. place: the part that counts; None where one of the maps has fewer
    than MIN_CELLS there.
    """
    one, other = _part(one, place), _part(other, place)
    if min(one.size, other.size) < MIN_CELLS:
        return None
    height, width = np.minimum(cells(one).shape, cells(other).shape)
    first, second = (_ranks(_resized(heat, height, width).ravel()) for heat in (one, other))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def randomise(network: "nn.Module", share: float) -> None:
    """Random weights of the same mean and spread in the last layers, in place.

    share: of the layers that have weights, 0–1, from the last one back.
    """
    import torch

    layers = [one for one in network.modules() if list(one.parameters(recurse=False))]
    generator = torch.Generator().manual_seed(_SEED)
    for layer in layers[len(layers) - max(1, round(share * len(layers))) :]:
        for values in layer.parameters(recurse=False):
            noise = torch.randn(values.shape, generator=generator).to(values.device)
            spread = values.detach().std(correction=0)
            values.data.copy_(noise * spread + values.detach().mean())


def _part(heat: HeatMap, place: Share) -> HeatMap:
    """The cells of a map that lie in a place, also in part."""
    height, width = heat.shape
    x0, y0 = floor(place[0] * width), floor(place[1] * height)
    x1, y1 = ceil(place[2] * width), ceil(place[3] * height)
    return heat[y0:y1, x0:x1]


def _resized(heat: HeatMap, height: int, width: int) -> HeatMap:
    return np.asarray(cv2.resize(heat, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _ranks(values: HeatMap) -> HeatMap:
    """Ranks from 0; equal values share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2)[place], np.float32)
