"""The project's own networks as plain modules, without weights."""

from collections.abc import Callable, Mapping

from torch import nn


def cnn_cifar10(dropout: float = 0.0) -> nn.Module:
    """Two convolution blocks (32, 64 channels, 3×3) and two dense layers (128, 10).

    Takes N×3×32×32 float, RGB, normalised by the mean and std of its card; gives N×10 logits.
    `dropout`: share of the inputs of each dense layer that is dropped in training; without effect
    on the parameters' names. 545,098 parameters.
    """
    return nn.Sequential(
        _block(3, 32),
        _block(32, 64),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(64 * 8 * 8, 128),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(128, 10),
    )


def _block(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))


NETWORKS: Mapping[str, Callable[..., nn.Module]] = {"cnn-cifar10": cnn_cifar10}
"""Architecture name, as a card states it → constructor."""
