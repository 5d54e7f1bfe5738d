"""The learning rate over a training, as a factor of its peak."""

import math
from collections.abc import Callable, Mapping


def one_cycle(share: float) -> float:
    """Up in a line for 15 % of the steps, then a cosine down to 0 (Smith and Topin 2018).

    share: of the steps that are done, 0–1.
    """
    rise = 0.15
    if share < rise:
        return 0.05 + 0.95 * share / rise
    return cosine((share - rise) / (1 - rise))


def cosine(share: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, SGDR without restarts)."""
    return 0.5 + 0.5 * math.cos(math.pi * share)


def triangle(share: float) -> float:
    """Up in a line from 0.2 for 23 % of the steps, down in a line to 0.02."""
    rise = 0.23
    if share < rise:
        return 0.2 + 0.8 * share / rise
    return 1 - 0.98 * (share - rise) / (1 - rise)


def two_triangles(share: float) -> float:
    """A triangle for 45 % of the steps, then one half as high: a warm restart.

    Loshchilov and Hutter 2017, SGDR, with lines for cosines.
    """
    first = 0.45
    if share < first:
        return triangle(share / first)
    return 0.5 * triangle((share - first) / (1 - first))


def constant(share: float) -> float:
    """Always the peak."""
    return 1.0


SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "one-cycle": one_cycle,
    "cosine": cosine,
    "triangle": triangle,
    "two-triangles": two_triangles,
    "constant": constant,
}
