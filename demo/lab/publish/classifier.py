"""Publication of a trained classifier: weight file, measured facts, card."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from demo.lab.cards.card import Origin
from demo.lab.cards.classifier import ClassifierCard, ClassifierScores, LookalikeScores
from demo.lab.cards.facts import OutOfDistributionRule, Score
from demo.lab.data.cifar import Pictures
from demo.lab.data.cifar_lookalikes import cifar_lookalikes
from demo.lab.data.outliers import FOREIGN_OF, FURTHER_OF
from demo.lab.evaluation.classifier import MANY_CLASSES, measure_classifier, share_of
from demo.lab.evaluation.networks import load_classifier
from demo.lab.evaluation.out_of_distribution import calibrate, rejected
from demo.lab.options import PublishOptions
from demo.lab.publish.files import origin, weights_path, write_card
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.checkpoints import CHECKPOINT
from demo.lab.training.classifier import logits_of
from demo.lab.training.datasets import DATASETS
from demo.lab.training.soft_labels import CLASSES as SOFT_LABELS
from demo.lab.training.weights_file import half_state

_MAX_MISTAKES = 30
"""Rows of the table of mistakes."""


def publish_classifier(recipe: ClassifierRecipe, options: PublishOptions) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md, measured on the file itself.

    Raises:
        DemoError: there is no finished run, or data are missing.
    """
    file = weights_path(recipe, options, CHECKPOINT)
    test = DATASETS[recipe.dataset](options.data, "test", options.cache)
    whole, _ = _write_and_measure(recipe, options.run, file, test, half=False)
    logits, model = _write_and_measure(recipe, options.run, file, test, half=True)
    for precision, rows in (("float32", whole), ("float16", logits)):
        yield f"{precision}: accuracy {(rows.argmax(1) == test.targets).mean():.4f}"
    facts = origin(recipe, recipe.input_hw, recipe.network, file, options.run)
    own = (logits, test.targets)
    yield from write_card(measured_card(recipe, options, facts, model, own), options.weights)


def measured_card(
    recipe: ClassifierRecipe,
    options: PublishOptions,
    facts: Origin,
    model: nn.Module,
    own: tuple[NDArray[np.float32], NDArray[np.int64]],
    **more: object,
) -> ClassifierCard:
    """The card of a published network, measured on test pictures and on those of other things.

    own: N×C logits of the test pictures, and their classes. more: further facts of the card.
    """
    measured = measure_classifier(*own, recipe.labels)
    rule = _rejection_rule(recipe, options, model, own)
    elsewhere = _lookalike_scores(recipe, options, model, rule)
    dataset = f"{recipe.dataset} test"
    scores = [Score.of(dataset, *pair) for pair in measured.estimates().items()]
    return ClassifierCard.of(
        facts,
        **more,
        elsewhere=elsewhere,
        mean=recipe.mean,
        std=recipe.std,
        measured=scores[0],
        scores=tuple(scores[1:]),
        macro=measured.macro,
        per_class=measured.per_class,
        **_confusion(measured, recipe.labels),
        out_of_distribution=rule,
        failures=(
            *recipe.about.failures,
            _mistakes_sentence(measured, recipe.labels),
            foreign_sentence(rule),
            *_lookalike_sentences(elsewhere),
        ),
    )


def _rejection_rule(
    recipe: ClassifierRecipe,
    options: PublishOptions,
    model: nn.Module,
    own: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> OutOfDistributionRule:
    """The rule, measured on all sets of other things; own: test logits and their classes."""
    source = (options.data, options.cache, recipe.input_hw[0])

    def ask(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return logits_of(model, images, recipe.mean, recipe.std)

    rule = calibrate(*own, ask(FOREIGN_OF[recipe.dataset](*source)))
    if recipe.dataset not in FURTHER_OF:
        return rule
    sets = FURTHER_OF[recipe.dataset](*source).items()
    shares = {name: share_of(rejected(ask(images), rule), len(images)) for name, images in sets}
    return rule.model_copy(update={"further": shares})


def _confusion(measured: ClassifierScores, labels: tuple[str, ...]) -> dict[str, object]:
    """The confusion table, or with many classes the most frequent mistakes."""
    if len(labels) < MANY_CLASSES:
        return {"confusion": measured.confusion}
    mistakes = most_frequent_mistakes(measured, labels, _MAX_MISTAKES)
    return {"mistakes": [row for row in mistakes if row[2] > 1]}


def _write_and_measure(
    recipe: ClassifierRecipe, run: Path, file: Path, test: Pictures, half: bool
) -> tuple[NDArray[np.float32], nn.Module]:
    """Write the run's network to `file` as float16 or float32; its test logits, and the network."""
    checkpoint = torch.load(run / CHECKPOINT, weights_only=True)
    state = without_soft_label_outputs(checkpoint["model"], recipe)
    state = half_state(state) if half else state
    save_file({key: value.contiguous() for key, value in state.items()}, file)
    model = load_classifier(file, recipe.network)
    return logits_of(model, test.images, recipe.mean, recipe.std), model


def _lookalike_scores(
    recipe: ClassifierRecipe,
    options: PublishOptions,
    model: nn.Module,
    rule: OutOfDistributionRule,
) -> LookalikeScores | None:
    """Scores on photos of its classes from other sources; None where there are none."""
    if recipe.dataset != "cifar10" or options.data is None:
        return None
    pictures = cifar_lookalikes(options.data, recipe.input_hw[0])
    logits = logits_of(model, pictures.images, recipe.mean, recipe.std)
    hits = int((logits.argmax(1) == pictures.targets).sum())
    n = len(pictures)
    return LookalikeScores(accuracy=hits / n, false_alarm=rejected(logits, rule) / n, n=n)


def without_soft_label_outputs(
    state: dict[str, Tensor], recipe: ClassifierRecipe
) -> dict[str, Tensor]:
    """The tensors without the rows of the last layer that predict soft labels."""
    if not recipe.soft_labels:
        return state
    classes = len(recipe.labels)
    trained = (classes + SOFT_LABELS,)
    return {k: v[:classes] if v.shape[:1] == trained else v for k, v in state.items()}


def most_frequent_mistakes(
    measured: ClassifierScores, labels: tuple[str, ...], count: int
) -> list[tuple[str, str, int]]:
    """(true label, predicted label, count) of the most frequent mistakes, most frequent first."""
    matrix = np.array(measured.confusion)
    np.fill_diagonal(matrix, 0)
    worst = np.argsort(-matrix, axis=None, kind="stable")[:count]
    pairs = [divmod(int(cell), len(labels)) for cell in worst]
    return [(labels[i], labels[j], int(matrix[i, j])) for i, j in pairs]


def _mistakes_sentence(measured: ClassifierScores, labels: tuple[str, ...]) -> str:
    rows = most_frequent_mistakes(measured, labels, 3)
    words = ", ".join(f"{true} taken for {other} ({times} times)" for true, other, times in rows)
    return f"Most frequent mistakes on the test pictures: {words}."


def foreign_sentence(rule: OutOfDistributionRule) -> str:
    """What the classifier does with the foreign photos, for the card."""
    return (
        f"Of {rule.foreign:,} photos of things it was never shown it calls {rule.caught} unknown; "
        f"the other {rule.foreign - rule.caught} get the name of one of its classes."
    )


def _lookalike_sentences(elsewhere: LookalikeScores | None) -> list[str]:
    if elsewhere is None:
        return []
    return [
        f"Photos of airplanes, cats, dogs and horses from elsewhere, their middle square at its "
        f"size ({elsewhere.n:,} of Caltech-101 and Animal-Pose): {elsewhere.accuracy:.1%} "
        f"are named right, {elsewhere.false_alarm:.1%} are wrongly called unknown."
    ]
