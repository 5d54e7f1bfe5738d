"""How good, how varied and how much their own the pictures of a generator are.

Every number is one about features, N×D float: what a stated classifier of this project computes
before its last layer. They are not the Inception features of the literature, so that the numbers
compare with each other and with those of real pictures, not with published ones.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.lab.training.batches import normalise

Rows = NDArray[np.float32]
"""N×D: one picture a row."""


@torch.inference_mode()
def features_of(
    model: nn.Module,
    images: NDArray[np.uint8],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch: int = 500,
) -> tuple[Rows, NDArray[np.int64]]:
    """N×H×W×3 uint8 RGB → N×D inputs of the last dense layer, and N answers of the classifier.

    Where the network looks several times (at the mirror image too), the mean of its looks.
    """
    model.eval()
    last = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1]
    looks: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: looks.append(inputs[0].float()))
    features, answers = [], []
    for i in range(0, len(images), batch):
        pixels = torch.from_numpy(images[i : i + batch]).permute(0, 3, 1, 2)
        answers.append(model(normalise(pixels, mean, std)).argmax(1).numpy())
        features.append(torch.stack(looks).mean(0).numpy())
        looks.clear()
    hook.remove()
    return np.concatenate(features), np.concatenate(answers)


def root_mean_square(features: Rows) -> float:
    """Of all values; features divided by it have a size that the kernel of KID suits."""
    return float(np.sqrt((features.astype(np.float64) ** 2).mean()))


def kid(real: Rows, made: Rows, subsets: int = 100, size: int = 1000) -> NDArray[np.float64]:
    """Kernel Inception Distance on these features, once for each of `subsets` pairs of subsets.

    The unbiased estimate of the squared maximum mean discrepancy under the kernel
    (x·y / D + 1)³ between `size` rows of each, drawn without putting back (Bińkowski et al. 2018,
    arXiv:1801.01401). About 0 where both come from one distribution, and then below 0 at times.
    """
    random = np.random.default_rng(0)
    values = []
    for _ in range(subsets):
        x = real[random.choice(len(real), size, replace=False)]
        y = made[random.choice(len(made), size, replace=False)]
        values.append(discrepancy(x, y))
    return np.array(values)


def discrepancy(x: Rows, y: Rows) -> float:
    """Unbiased squared maximum mean discrepancy of N×D and M×D rows, N and M at least 2."""
    own_x, own_y = (_kernel(rows, rows) for rows in (x, y))
    np.fill_diagonal(own_x, 0)
    np.fill_diagonal(own_y, 0)
    n, m = len(x), len(y)
    within = own_x.sum() / (n * (n - 1)) + own_y.sum() / (m * (m - 1))
    return float(within - 2 * _kernel(x, y).mean())


def _kernel(x: Rows, y: Rows) -> NDArray[np.float64]:
    return np.asarray((x.astype(np.float64) @ y.T.astype(np.float64) / x.shape[1] + 1) ** 3)


def frechet(x: Rows, y: Rows) -> float:
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


def mean_distance(features: Rows) -> float:
    """Mean distance of two different rows; small where all pictures are alike."""
    tensor = torch.from_numpy(features).double()
    return float(torch.pdist(tensor).mean())


def entropy(answers: NDArray[np.int64], classes: int) -> float:
    """Of the classes' frequencies, in nats: 0 for one class only, ln(classes) for all alike."""
    shares = np.bincount(answers, minlength=classes) / len(answers)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum()) + 0.0  # never −0


def nearest(rows: Rows, references: Iterable[Rows]) -> NDArray[np.float64]:
    """Euclidean distance of each row to the nearest of all references, given block by block."""
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
    """Share of `made` distances below that quantile of the `real` ones; about it for equals."""
    return float((made < np.quantile(real, quantile)).mean())
