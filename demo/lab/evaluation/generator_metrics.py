"""Quality, variety and memorising of generated pictures, measured on features.

Features are N×D float: the inputs of the last layer of a classifier of this project. They are not
the Inception features of the literature, so the numbers compare with each other and with those of
real pictures, not with published ones. KID and FID are computed here, not by torchmetrics, which
draws other subsets: published scores would change.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.lab.training.batches import normalise

Features = NDArray[np.float32]
"""N×D: one picture a row."""


@torch.inference_mode()
def features_of(
    model: nn.Module,
    images: NDArray[np.uint8],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch: int = 500,
) -> tuple[Features, NDArray[np.int64]]:
    """N×H×W×3 uint8 RGB → N×D inputs of the last dense layer, and N predicted classes.

    Where the network runs several times on a picture (on its mirror image too), the mean of them.
    """
    model.eval()
    last = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1]
    passes: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: passes.append(inputs[0].float()))
    features, classes = [], []
    for i in range(0, len(images), batch):
        pixels = torch.from_numpy(images[i : i + batch]).permute(0, 3, 1, 2)
        classes.append(model(normalise(pixels, mean, std)).argmax(1).numpy())
        features.append(torch.stack(passes).mean(0).numpy())
        passes.clear()
    hook.remove()
    return np.concatenate(features), np.concatenate(classes)


def root_mean_square(features: Features) -> float:
    """Root mean square of all values; features are divided by it to suit the kernel of KID."""
    return float(np.sqrt((features.astype(np.float64) ** 2).mean()))


def kid(
    real: Features, made: Features, subsets: int = 100, size: int = 1000
) -> NDArray[np.float64]:
    """Kernel Inception Distance of each of `subsets` random pairs of subsets.

    The unbiased estimate of the squared maximum mean discrepancy under the kernel
    (x·y / D + 1)³ between `size` rows of each, drawn without replacement (Bińkowski et al. 2018,
    arXiv:1801.01401). Around 0, also negative, where both come from one distribution.
    """
    random = np.random.default_rng(0)
    values = []
    for _ in range(subsets):
        x = real[random.choice(len(real), size, replace=False)]
        y = made[random.choice(len(made), size, replace=False)]
        values.append(squared_mmd(x, y))
    return np.array(values)


def squared_mmd(x: Features, y: Features) -> float:
    """Unbiased squared maximum mean discrepancy of N×D and M×D features, N and M at least 2."""
    own_x, own_y = (_kernel(rows, rows) for rows in (x, y))
    np.fill_diagonal(own_x, 0)
    np.fill_diagonal(own_y, 0)
    n, m = len(x), len(y)
    within = own_x.sum() / (n * (n - 1)) + own_y.sum() / (m * (m - 1))
    return float(within - 2 * _kernel(x, y).mean())


def _kernel(x: Features, y: Features) -> NDArray[np.float64]:
    return np.asarray((x.astype(np.float64) @ y.T.astype(np.float64) / x.shape[1] + 1) ** 3)


def frechet_distance(x: Features, y: Features) -> float:
    """Fréchet distance between normal distributions fitted to both (FID; Heusel et al. 2017).

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½), after Dowson and Landau 1982.
    """
    x, y = x.astype(np.float64), y.astype(np.float64)
    first, second = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    shift = ((x.mean(0) - y.mean(0)) ** 2).sum()
    return float(shift + np.trace(first) + np.trace(second) - 2 * cross)


def mean_distance(features: Features) -> float:
    """Mean Euclidean distance of two different rows; small where all pictures are alike."""
    tensor = torch.from_numpy(features).double()
    return float(torch.pdist(tensor).mean())


def entropy(predicted: NDArray[np.int64], classes: int) -> float:
    """Entropy of class frequencies in nats: 0 for one class only, ln(classes) for equal ones."""
    shares = np.bincount(predicted, minlength=classes) / len(predicted)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum()) + 0.0  # never −0


def nearest_distances(rows: Features, references: Iterable[Features]) -> NDArray[np.float64]:
    """Euclidean distance of each row to the nearest reference; these are given block by block."""
    queries = torch.from_numpy(np.ascontiguousarray(rows))
    best = torch.full((len(rows),), torch.inf, dtype=torch.float64)
    for block in references:
        part = torch.from_numpy(np.ascontiguousarray(block))
        squares = (part.double() ** 2).sum(1)[None] - 2 * (queries @ part.T).double()
        best = torch.minimum(best, squares.min(1).values)
    own = (queries.double() ** 2).sum(1)
    return np.asarray((own + best).clamp(min=0).sqrt().numpy())


def share_below(
    made: NDArray[np.float64], real: NDArray[np.float64], quantile: float = 0.01
) -> float:
    """Share of `made` distances below that quantile of `real`: `quantile` if they are alike."""
    return float((made < np.quantile(real, quantile)).mean())
