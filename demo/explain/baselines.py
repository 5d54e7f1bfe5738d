"""Pictures without content, against which a map or its check compares."""

import numpy as np

from demo.explain.passes import Pixels

_SEED = 2018


def even(inputs: Pixels) -> Pixels:
    """1×3×h×w of the input's mean colour."""
    return np.broadcast_to(inputs.mean(axis=(2, 3), keepdims=True), inputs.shape).copy()


def noise(inputs: Pixels) -> Pixels:
    """1×3×h×w of noise with the mean and the spread of the input's colours, the same at each call.

    A blurred picture would still have the sky that an airplane is told by.
    """
    mean = inputs.mean(axis=(2, 3), keepdims=True)
    spread = inputs.std(axis=(2, 3), keepdims=True)
    values = np.random.default_rng(_SEED).standard_normal(inputs.shape, np.float32)
    return np.asarray(mean + spread * values, np.float32)
