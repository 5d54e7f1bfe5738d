"""Loss of a classifier: its classes, outlier exposure, soft labels and an L1 penalty."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.lab.recipe import ClassifierRecipe


def classifier_loss(
    recipe: ClassifierRecipe,
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    soft_labels: Tensor | None = None,
) -> Tensor:
    """The recipe's loss of one batch, a scalar.

    Args:
        inputs: B×3×H×W normalised pictures. The first N have targets; the others are outliers,
            whose target is the same probability for every class (Hendrycks et al. 2019, "Deep
            Anomaly Detection with Outlier Exposure").
        targets: N int64.
        soft_labels: N×K probabilities of a teacher, for a network whose last K outputs are
            trained on them.

    Raises:
        ValueError: the recipe's loss is unknown.
    """
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        outputs: Tensor = model(inputs)
    extra = 0 if soft_labels is None else soft_labels.shape[1]
    own, soft = outputs.float().tensor_split([outputs.shape[1] - extra], 1)
    logits, outliers = own.tensor_split([len(targets)])
    loss = _class_loss(recipe, logits, targets)
    if len(outliers):
        loss = loss - recipe.outlier_weight * outliers.log_softmax(1).mean()
    if soft_labels is not None:
        soft_targets = soft_labels.float().to(inputs.device)
        soft_loss = F.cross_entropy(soft[: len(targets)], soft_targets)
        loss = loss + recipe.soft_label_weight * soft_loss
    if recipe.l1:
        penalty = torch.stack([p.abs().sum() for p in model.parameters() if p.ndim > 1]).sum()
        loss = loss + recipe.l1 * penalty
    return loss


def _class_loss(recipe: ClassifierRecipe, logits: Tensor, targets: Tensor) -> Tensor:
    if recipe.loss == "cross-entropy":
        return F.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    if recipe.loss == "mse":
        one_hot = F.one_hot(targets, logits.shape[1]).float()
        return F.mse_loss(logits.softmax(1), one_hot)
    raise ValueError(f"expected the loss cross-entropy or mse, got {recipe.loss!r}")
