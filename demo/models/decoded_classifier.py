"""Classifiers whose network answers with probabilities, as networks of ONNX files may."""

from dataclasses import dataclass

import numpy as np

from demo.errors import DemoError
from demo.models.classifier import Classifier
from demo.models.spec import Outputs, Prepared, Request
from demo.results import Scores


@dataclass(frozen=True, slots=True)
class DecodedClassifier:
    """Preprocessing of a classifier, and postprocessing of a network that ends in a softmax."""

    classifier: Classifier

    def preprocess(self, request: Request) -> Prepared:
        """See `Classifier.preprocess`."""
        return self.classifier.preprocess(request)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Scores:
        """1×C probabilities, of float16 perhaps → with sum 1.

        Raises DemoError for numbers that are not finite, and where all are zero.
        """
        raw = outputs[0][0].astype(np.float64).clip(0, 1)
        total = raw.sum()
        if not 0 < total < np.inf:
            raise DemoError("not_finite", name=self.classifier.name)
        return Scores((raw / total).astype(np.float32), self.classifier.labels)
