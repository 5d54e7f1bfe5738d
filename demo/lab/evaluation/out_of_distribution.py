"""When a classifier should say that a picture is none of its classes.

The energy score of one picture is E = T · log Σ exp(logits / T), summed over the classes (Liu et
al. 2020, "Energy-based Out-of-distribution Detection", with its sign turned so that more is more
familiar). A picture is known where E ≥ threshold. The probabilities that are shown are
softmax(logits / T); T is fitted on the logits of pictures that were not trained on (Guo et al.
2017, "On Calibration of Modern Neural Networks").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.lab.evaluation.metrics import wilson


@dataclass(frozen=True, slots=True)
class Unknown:
    """The calibrated rule and its rates on pictures that neither trained nor set it.

    false_alarm: share of own pictures called unknown, with its 95 % interval; caught: how many of
    `foreign` foreign pictures are called unknown; caught_max_softmax: the same for the rule that
    looks at the largest probability alone, at the same share of false alarms.
    """

    method: str
    temperature: float
    threshold: float
    false_alarm: float
    false_alarm_low: float
    false_alarm_high: float
    own: int
    caught: int
    foreign: int
    caught_max_softmax: int


def energy(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """N×C logits → N energy scores T · log Σ exp(logits / T)."""
    scaled = logits.astype(np.float64) / temperature
    peak = scaled.max(axis=1, keepdims=True)
    return np.asarray(temperature * (peak[:, 0] + np.log(np.exp(scaled - peak).sum(axis=1))))


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """N×C logits → N×C softmax(logits / T)."""
    scaled = logits.astype(np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def negative_log_likelihood(
    logits: NDArray[np.float32], targets: NDArray[np.int64], temperature: float
) -> float:
    """Mean −log p of the right class at that temperature."""
    right = logits[np.arange(len(targets)), targets]
    return float(((energy(logits, temperature) - right) / temperature).mean())


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The temperature in 0.25–4 of the least negative log likelihood, to 0.1 %."""
    low, high = np.log(0.25), np.log(4.0)
    golden = (5**0.5 - 1) / 2
    while high - low > 1e-3:
        left, right = high - golden * (high - low), low + golden * (high - low)
        at_left = negative_log_likelihood(logits, targets, float(np.exp(left)))
        if at_left < negative_log_likelihood(logits, targets, float(np.exp(right))):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibrate(
    logits: NDArray[np.float32],
    targets: NDArray[np.int64],
    foreign: NDArray[np.float32],
    aim: float = 0.04,
) -> Unknown:
    """Set temperature and threshold on the even rows, measure on the odd ones and on `foreign`.

    logits: N×C of pictures not trained on; foreign: M×C of pictures of other things; aim: share
    of false alarms on the even rows, below the promised 5 % so that chance does not break it.
    """
    temperature = fit_temperature(logits[::2], targets[::2])
    own = energy(logits, temperature)
    threshold = float(np.quantile(own[::2], aim))
    alarms = int((own[1::2] < threshold).sum())
    n = len(own[1::2])
    low, high = wilson(alarms, n)
    peaks = probabilities(logits, temperature).max(axis=1)
    foreign_peaks = probabilities(foreign, temperature).max(axis=1)
    return Unknown(
        method="energy",
        temperature=temperature,
        threshold=threshold,
        false_alarm=alarms / n,
        false_alarm_low=low,
        false_alarm_high=high,
        own=n,
        caught=int((energy(foreign, temperature) < threshold).sum()),
        foreign=len(foreign),
        caught_max_softmax=int((foreign_peaks < np.quantile(peaks[::2], aim)).sum()),
    )
