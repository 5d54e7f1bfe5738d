"""Scores and card of a generator."""

from typing import ClassVar

from demo.lab.cards.card import Card
from demo.lab.cards.facts import Facts
from demo.lab.cards.markdown import Section, table


class Distances(Facts):
    """Distances of one set of pictures from the test pictures.

    what: the set, in words. kid: mean of the Kernel Inception Distance over pairs of subsets,
    kid_std its standard deviation; 95 % of the pairs lie in low–high. fid: Fréchet distance.
    """

    what: str
    kid: float
    kid_std: float
    low: float
    high: float
    fid: float


class Variety(Facts):
    """How much pictures differ.

    distance: mean distance of two pictures in features. entropy: of the predicted classes, nats.
    classes: label → number of pictures that the classifier takes for it.
    """

    distance: float
    entropy: float
    classes: dict[str, int]


class Nearest(Facts):
    """Median distances to the nearest training picture, of generated and of test pictures.

    closer: share of generated pictures that are nearer than 99 % of the test pictures.
    """

    made: float
    real: float
    closer: float


class NearestBySpace(Facts):
    """Distances to the nearest training picture in features and in pixels."""

    features: Nearest
    pixels: Nearest


class GeneratorScores(Facts):
    """Quality, variety and memorising of a generator, in features of a classifier.

    Args:
        features: name of the classifier.
        dimensions: length of a feature vector.
        scale: root mean square of the training pictures' features, their divisor.
        pictures: number of generated and of test pictures.
        subsets, subset_size: number and size of the subsets that KID is estimated on.
        distances: of generated, training, untrained and noise pictures, in this order.
        made, real: variety of generated and of test pictures.
        most_entropy: of equally frequent classes, nats.
        neighbours: number of pictures that `nearest` is measured on.
    """

    features: str
    dimensions: int
    scale: float
    pictures: int
    subsets: int
    subset_size: int
    distances: tuple[Distances, ...]
    made: Variety
    real: Variety
    most_entropy: float
    neighbours: int
    nearest: NearestBySpace


class GeneratorCard(Card):
    """Card of a generator; output_size: height and width of its pictures in pixels."""

    KEYS: ClassVar[tuple[str, ...]] = (
        "output_size",
        "mean",
        "std",
        "measured",
        "scores",
        "per_class",
        "generation",
        "unknown",
        "failures",
    )

    output_size: tuple[int, int]
    per_class: dict[str, float]
    generation: GeneratorScores

    def input_text(self) -> str:
        """The number of random inputs."""
        return f"{self.input_size[0]} random numbers"

    def input_rows(self) -> list[tuple[str, str]]:
        """Random inputs and the size of the pictures."""
        size = "×".join(str(side) for side in self.output_size)
        return [("input", f"{self.input_text()} of N(0, 1)"), ("output", f"{size} pixels")]

    def sections(self) -> list[Section]:
        """Distances (they continue the scores), variety, memorising."""
        return [
            _quality(self.generation),
            _variety(self.generation),
            _memorising(self.generation),
        ]


def _quality(scores: GeneratorScores) -> Section:
    rows = [
        (row.what, f"{row.kid:.4f} ± {row.kid_std:.4f}", f"{row.fid:.2f}")
        for row in scores.distances
    ]
    text = (
        f"Features: the {scores.dimensions} inputs of the last layer of `{scores.features}` "
        f"of this project, divided by {scores.scale:.3f}, their root mean square over the "
        "training pictures and their mirror images; not "
        "Inception's, so that the numbers compare with each other, not with published ones. "
        f"{scores.pictures:,} pictures each, measured against the {scores.pictures:,} test "
        f"pictures. KID: mean ± standard deviation over {scores.subsets} pairs of subsets of "
        f"{scores.subset_size:,}; the interval above holds 95 % of these."
    )
    return Section("", (text, table(("pictures", "KID", "FID"), rows)))


def _variety(scores: GeneratorScores) -> Section:
    made, real = scores.made, scores.real
    pairs = zip(made.classes.items(), real.classes.values(), strict=True)
    rows = [(label, f"{generated:,}", f"{test:,}") for (label, generated), test in pairs]
    text = (
        f"Mean distance of two pictures in features: generated {made.distance:.3f}, test "
        f"pictures {real.distance:.3f}. What the classifier takes the pictures for has an "
        f"entropy of {made.entropy:.3f} nats (test pictures {real.entropy:.3f}, at most "
        f"{scores.most_entropy:.3f})."
    )
    return Section("Variety", (text, table(("taken for", "generated", "test"), rows)))


def _memorising(scores: GeneratorScores) -> Section:
    spaces = {"features": scores.nearest.features, "pixels": scores.nearest.pixels}
    rows = [
        (space, f"{row.made:.3f}", f"{row.real:.3f}", f"{row.closer:.1%}")
        for space, row in spaces.items()
    ]
    text = (
        f"Distance to the nearest training picture or its mirror image, median of "
        f"{scores.neighbours:,}; the last column is the share of generated pictures that are "
        "closer than all but 1 % of the test pictures: about 1 % where they are like unseen real "
        "ones, far more where training pictures are copied."
    )
    return Section("Memorising", (text, table(("in", "generated", "test", "closer"), rows)))
