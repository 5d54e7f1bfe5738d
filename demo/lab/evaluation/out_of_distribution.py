"""Calibration of the rule by which a classifier rejects pictures of none of its classes.

The energy score of a picture is E = T · log Σ exp(logits / T), summed over the classes (Liu et
al. 2020, "Energy-based Out-of-distribution Detection", with the opposite sign: pictures of the
classes have high scores). A picture is rejected where E < threshold. The probabilities that are
shown are softmax(logits / T); T is fitted on the logits of pictures that were not trained on (Guo
et al. 2017, "On Calibration of Modern Neural Networks").
"""

import numpy as np
from numpy.typing import NDArray

from demo.lab.cards.facts import OutOfDistributionRule
from demo.results.metrics import wilson


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
    """Mean −log p of the true class at that temperature."""
    true = logits[np.arange(len(targets)), targets]
    return float(((energy(logits, temperature) - true) / temperature).mean())


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The temperature in 0.25–4 with the lowest negative log likelihood, to 0.1 %.

    Golden-section search over its logarithm.
    """
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
    target_rate: float = 0.04,
) -> OutOfDistributionRule:
    """Set temperature and threshold on the even rows, measure on the odd ones and on `foreign`.

    Args:
        logits: N×C of pictures of the classes that were not trained on.
        targets: N int64, their classes.
        foreign: M×C of pictures of other things.
        target_rate: share of false alarms on the even rows; below the promised 5 %, to leave room
            for chance.
    """
    temperature = fit_temperature(logits[::2], targets[::2])
    own = energy(logits, temperature)
    threshold = float(np.quantile(own[::2], target_rate))
    alarms = int((own[1::2] < threshold).sum())
    n = len(own[1::2])
    low, high = wilson(alarms, n)
    peaks = probabilities(logits, temperature).max(axis=1)
    foreign_peaks = probabilities(foreign, temperature).max(axis=1)
    return OutOfDistributionRule(
        method="energy",
        temperature=temperature,
        threshold=threshold,
        false_alarm=alarms / n,
        false_alarm_low=low,
        false_alarm_high=high,
        own=n,
        caught=int((energy(foreign, temperature) < threshold).sum()),
        foreign=len(foreign),
        caught_max_softmax=int((foreign_peaks < np.quantile(peaks[::2], target_rate)).sum()),
    )


def rejected(logits: NDArray[np.float32], rule: OutOfDistributionRule) -> int:
    """How many of N×C logits the rule rejects."""
    return int((energy(logits, rule.temperature) < rule.threshold).sum())
