"""Learning rate schedules: share of the finished steps (0–1) → factor of the peak learning rate.

`torch.optim.lr_scheduler.LambdaLR` applies them. They are closed formulas, so that a resumed
training has the same rates bit for bit; torch's own schedules have other shapes (OneCycleLR) or
accumulate rounding errors from step to step (SequentialLR).
"""

import math
from collections.abc import Callable, Mapping


def one_cycle(share: float) -> float:
    """Linear warm-up for 15 % of the steps, then half a cosine to 0 (Smith and Topin 2018)."""
    warm_up = 0.15
    if share < warm_up:
        return 0.05 + 0.95 * share / warm_up
    return cosine((share - warm_up) / (1 - warm_up))


def cosine(share: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, SGDR without restarts)."""
    return 0.5 + 0.5 * math.cos(math.pi * share)


def triangle(share: float) -> float:
    """Linear from 0.2 to 1 for 23 % of the steps, then linear to 0.02."""
    warm_up = 0.23
    if share < warm_up:
        return 0.2 + 0.8 * share / warm_up
    return 1 - 0.98 * (share - warm_up) / (1 - warm_up)


def two_triangles(share: float) -> float:
    """A triangle for 45 % of the steps, then one of half the height: a warm restart.

    Loshchilov and Hutter 2017 (SGDR), with linear pieces instead of cosines.
    """
    first = 0.45
    if share < first:
        return triangle(share / first)
    return 0.5 * triangle((share - first) / (1 - first))


def constant(share: float) -> float:
    """Always 1."""
    return 1.0


SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "one-cycle": one_cycle,
    "cosine": cosine,
    "triangle": triangle,
    "two-triangles": two_triangles,
    "constant": constant,
}
"""Name in a recipe → schedule."""
