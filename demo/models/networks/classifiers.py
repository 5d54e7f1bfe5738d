"""The project's own networks as plain modules, without weights."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn


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


def cnn3_cifar10(dropout: float = 0.0) -> nn.Module:
    """Three blocks of two 3×3 convolutions (32, 64, 128 channels) and a dense layer of 512.

    Batch norm after every convolution and after the dense layer. Input, output and `dropout` as
    for `cnn_cifar10`; half of it between the blocks. 1,343,146 parameters.
    """
    return nn.Sequential(
        *_double(3, 32),
        nn.Dropout2d(dropout / 2),
        *_double(32, 64),
        nn.Dropout2d(dropout / 2),
        *_double(64, 128),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(128 * 4 * 4, 512, bias=False),
        nn.BatchNorm1d(512),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(512, 10),
    )


def _double(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return (
        ConvNorm(inputs, outputs, nn.ReLU()),
        ConvNorm(outputs, outputs, nn.ReLU()),
        nn.MaxPool2d(2),
    )


class ConvNorm(nn.Sequential):
    """A 3×3 convolution that keeps height and width, batch norm, an activation."""

    def __init__(
        self, inputs: int, outputs: int, activation: nn.Module, pool: bool = False, stride: int = 1
    ) -> None:
        # Pooling before the norm is the same in exact numbers and costs a quarter.
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.MaxPool2d(2) if pool else nn.Identity(),
            nn.BatchNorm2d(outputs),
            activation,
        )


class Residual(nn.Module):
    """x + block(x)."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.block = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → the same shape."""
        return x + self.block(x)  # type: ignore[no-any-return]


class Scaled(nn.Module):
    """x · factor: logits that start small, so that training does not diverge at a high rate."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Any shape → the same."""
        return x * self.factor


class Mirrored(nn.Module):
    """Test-time augmentation: in evaluation the logits are the mean over a picture and its mirror
    image, which takes a second pass and makes the answer invariant to mirroring.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """N×3×H×W → N×C logits."""
        logits: Tensor = self.network(x)
        if self.training:
            return logits
        mirrored: Tensor = self.network(x.flip(3))
        return (logits + mirrored) / 2


def resnet9_cifar10(dropout: float = 0.0) -> nn.Module:
    """A residual network of eight layers: a stem of 32 channels and three stages (64, 256, 256).

    Each stage is a convolution with pooling and a residual convolution; then the largest value of
    each channel and a dense layer. The shape follows Page's ResNet-9 (2018) with the widths of
    Jordan's speed runs (2024, arXiv 2404.00498). Input and output as for `cnn_cifar10`; `dropout`
    acts before the dense layer. 1,987,498 parameters.
    """
    layers: list[nn.Module] = [ConvNorm(3, 32, nn.GELU())]
    before = 32
    for width in (64, 256, 256):
        layers.append(ConvNorm(before, width, nn.GELU(), pool=True))
        layers.append(Residual(ConvNorm(width, width, nn.GELU())))
        before = width
    head = (nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(before, 10))
    return Mirrored(nn.Sequential(*layers, *head, Scaled(1 / 8)))


def photo_101(
    dropout: float = 0.0, classes: int = 100, soft_labels: int = 0, last_inner: int = 384
) -> nn.Module:
    """A residual network for photos of 96 to 160 pixels: 5.5 million parameters at 100 classes.

    Two strided convolutions bring a photo to a quarter of its side; four stages of 64, 128, 256
    and 384 channels follow, one residual block of two convolutions in each (He et al. 2016), then
    the mean of each channel. N×3×H×W normalised float → N×(classes + soft_labels) logits; the last
    `soft_labels` outputs are for a teacher's classes, in training. `last_inner`: channels between
    the two convolutions of the last block, fewer where they were pruned.
    """
    layers: list[nn.Module] = [ConvNorm(3, 32, nn.GELU(), stride=2)]
    before = 32
    for width in (64, 128, 256, 384):
        layers.append(ConvNorm(before, width, nn.GELU(), stride=2))
        inner = last_inner if width == 384 else width
        first = ConvNorm(width, inner, nn.GELU())
        layers.append(Residual(first, ConvNorm(inner, width, nn.Identity())))
        layers.append(nn.GELU())
        before = width
    head = nn.Linear(before, classes + soft_labels)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), head)


def photo_101_pruned(dropout: float = 0.0, classes: int = 100, soft_labels: int = 0) -> Mirrored:
    """`photo_101` with 336 inner channels in the last block, and mirrored: 5.2 million parameters.

    The mirror image costs a second pass; nothing but the published file is made for it.
    """
    return Mirrored(photo_101(dropout, classes, soft_labels, last_inner=336))


NETWORKS: Mapping[str, Callable[..., nn.Module]] = {
    "cnn-cifar10": cnn_cifar10,
    "cnn3-cifar10": cnn3_cifar10,
    "resnet9-cifar10": resnet9_cifar10,
    "photo-101": photo_101,
    "photo-101-pruned": photo_101_pruned,
}
"""Architecture name, as a card states it → constructor."""
