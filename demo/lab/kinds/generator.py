"""Generators of small pictures, trained against a discriminator."""

from collections.abc import Iterator

from demo.lab.cards.generator import GeneratorCard, GeneratorScores
from demo.lab.kinds.base import DataSet, RecipeKind
from demo.lab.options import EvaluateOptions, PublishOptions, TrainOptions
from demo.lab.recipe import GeneratorRecipe
from demo.lab.training.progress import Progress


class GeneratorKind(RecipeKind[GeneratorRecipe, GeneratorCard]):
    """Recipes of type `GeneratorRecipe`; trained and measured on CIFAR-10."""

    name = GeneratorRecipe.kind
    card_type = GeneratorCard

    def datasets(self) -> tuple[DataSet, ...]:
        """CIFAR-10."""
        return (DataSet("cifar10", downloadable=True),)

    def train(self, recipe: GeneratorRecipe, options: TrainOptions) -> Iterator[Progress]:
        """See `train_generator`."""
        from demo.lab.data.cifar import cifar10
        from demo.lab.training.generator import train_generator

        images = cifar10(options.data, "train", options.cache).images
        return train_generator(recipe, images, options)

    def evaluate(self, card: GeneratorCard, options: EvaluateOptions) -> GeneratorScores:
        """See `evaluate_generator`; by the classifier of the card unless another one is named."""
        from demo.lab.evaluation.generator import evaluate_generator

        features = options.features or card.generation.features
        return evaluate_generator(card.name, card.file, card.architecture, options, features)

    def publish(self, recipe: GeneratorRecipe, options: PublishOptions) -> Iterator[str]:
        """See `publish_generator`."""
        from demo.lab.publish.generator import publish_generator

        return publish_generator(recipe, options)


KIND = GeneratorKind()
