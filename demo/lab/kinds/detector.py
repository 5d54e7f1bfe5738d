"""Detectors: recipes of type `DetectorRecipe`, their training, publication and evaluation."""

from collections.abc import Iterator

from demo.lab.cards.detector import DetectorCard, DetectorScores
from demo.lab.kinds.base import DataSet, RecipeKind
from demo.lab.options import EvaluateOptions, PublishOptions, TrainOptions
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.progress import Progress


class DetectorKind(RecipeKind[DetectorRecipe, DetectorCard]):
    """Recipes of type `DetectorRecipe`; their data sets have to be in a local folder."""

    name = DetectorRecipe.kind
    card_type = DetectorCard

    def datasets(self) -> tuple[DataSet, ...]:
        """Those of `demo.lab.evaluation.detector`."""
        from demo.lab.evaluation.detector import DETECTION_SETS

        return tuple(DataSet(name, downloadable=False) for name in DETECTION_SETS)

    def train(self, recipe: DetectorRecipe, options: TrainOptions) -> Iterator[Progress]:
        """See `train_detector`."""
        from demo.lab.training.detector import train_detector

        return train_detector(recipe, options)

    def evaluate(self, card: DetectorCard, options: EvaluateOptions) -> DetectorScores:
        """See `evaluate_detector`."""
        from demo.lab.evaluation.detector import evaluate_detector

        return evaluate_detector(card, options)

    def publish(self, recipe: DetectorRecipe, options: PublishOptions) -> Iterator[str]:
        """See `publish_detector`."""
        from demo.lab.publish.detector import publish_detector

        return publish_detector(recipe, options)


KIND = DetectorKind()
