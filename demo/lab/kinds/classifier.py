"""Classifiers, trained by the lab's own loop."""

from collections.abc import Iterator

from demo.lab.cards.classifier import ClassifierCard, ClassifierScores
from demo.lab.kinds.base import DataSet, RecipeKind
from demo.lab.options import EvaluateOptions, PublishOptions, TrainOptions
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.training.progress import Progress


class ClassifierKind(RecipeKind[ClassifierRecipe, ClassifierCard]):
    """Recipes of type `ClassifierRecipe`; a network is measured on the data set of its recipe."""

    name = ClassifierRecipe.kind
    card_type = ClassifierCard

    def datasets(self) -> tuple[DataSet, ...]:
        """Those of `demo.lab.training.datasets`."""
        from demo.lab.training.datasets import DATASETS

        return tuple(DataSet(name, downloadable=True) for name in DATASETS)

    def train(self, recipe: ClassifierRecipe, options: TrainOptions) -> Iterator[Progress]:
        """See `train_classifier`."""
        from demo.lab.training.classifier import train_classifier
        from demo.lab.training.datasets import load_data

        data = load_data(recipe, options.data, options.cache)
        return train_classifier(recipe, data, options)

    def evaluate(self, card: ClassifierCard, options: EvaluateOptions) -> ClassifierScores:
        """See `evaluate_classifier`."""
        from demo.lab.evaluation.classifier import evaluate_classifier

        return evaluate_classifier(card, find_recipe(card.name).datasets, options)

    def publish(self, recipe: ClassifierRecipe, options: PublishOptions) -> Iterator[str]:
        """See `publish_classifier`."""
        from demo.lab.publish.classifier import publish_classifier

        return publish_classifier(recipe, options)

    def prune(self, recipe: ClassifierRecipe, options: PublishOptions) -> Iterator[str]:
        """See `prune_classifier`."""
        from demo.lab.publish.pruned_classifier import prune_classifier

        return prune_classifier(recipe, options)

    def calibrate(self, recipe: ClassifierRecipe, options: PublishOptions) -> Iterator[str]:
        """See `calibrate_classifier`."""
        from demo.lab.publish.class_anchors import calibrate_classifier

        return calibrate_classifier(recipe, options)


KIND = ClassifierKind()
