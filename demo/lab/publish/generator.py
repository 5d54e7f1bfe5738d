"""Publication of a trained generator: weight file, measured facts, card."""

from collections.abc import Iterator

from safetensors.torch import save_file

from demo.lab.cards.facts import Estimate, Score
from demo.lab.cards.generator import GeneratorCard, GeneratorScores
from demo.lab.evaluation.generator import evaluate_generator
from demo.lab.options import EvaluateOptions, PublishOptions
from demo.lab.publish.files import origin, weights_path, write_card
from demo.lab.recipe import GeneratorRecipe
from demo.lab.training.checkpoints import CHECKPOINT
from demo.lab.training.generator import Gan, update_batch_norms
from demo.lab.training.weights_file import half_state
from demo.models.networks.gan import NOISE

_OUTPUT_HW = (32, 32)


def publish_generator(recipe: GeneratorRecipe, options: PublishOptions) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md of the generator's moving average.

    Measured on the file itself, in the features of a classifier in the same folder.

    Raises:
        DemoError: there is no finished run or no such classifier, or data are missing.
    """
    file = weights_path(recipe, options, CHECKPOINT)
    gan = Gan.new(recipe)
    gan.restore(options.run)
    update_batch_norms(gan.average, recipe.seed)
    save_file(half_state(gan.average.state_dict()), file)
    yield f"{file.name}: {file.stat().st_size:,} bytes, measuring"
    evaluation = EvaluateOptions(options.weights, recipe.dataset, options.data, options.cache)
    scores = evaluate_generator(recipe.name, file.name, recipe.network, evaluation, recipe.features)
    main = scores.distances[0]
    kid = Estimate(value=main.kid, low=main.low, high=main.high, n=scores.pictures)
    card = GeneratorCard.of(
        origin(recipe, (NOISE,), recipe.network, file, options.run),
        output_size=_OUTPUT_HW,
        mean=None,
        std=None,
        measured=Score.of(f"{recipe.dataset} test", "KID", kid),
        scores=(),
        per_class={},
        generation=scores,
        out_of_distribution=None,
        failures=(
            *recipe.about.failures,
            _quality_sentence(scores),
            _variety_sentence(scores),
            _memorising_sentence(scores),
        ),
    )
    yield from write_card(card, options.weights)


def _quality_sentence(scores: GeneratorScores) -> str:
    made, real, untrained, _ = (row.fid for row in scores.distances)
    return (
        f"By these features the pictures are far from real: FID {made:.1f}, where training "
        f"pictures have {real:.1f} and the untrained network {untrained:.1f}."
    )


def _variety_sentence(scores: GeneratorScores) -> str:
    """How much less its pictures vary than real ones; its most and least over-drawn classes."""
    closer = 1 - scores.made.distance / scores.real.distance
    made, real = scores.made.classes, scores.real.classes
    ratios = sorted((made[label] / max(real[label], 1), label) for label in made)
    (fewest, rare), (most, often) = ratios[0], ratios[-1]
    return (
        f"Its pictures lie {closer:.0%} closer together in features than test pictures do, and "
        f"compared with those the classifier sees {often} {most:.1f} times as often in "
        f"the drawn ones and {rare} {fewest:.1f} times."
    )


def _memorising_sentence(scores: GeneratorScores) -> str:
    """Whether pictures are nearer to training pictures than unseen real ones are."""
    nearest = scores.nearest
    return (
        f"{nearest.features.closer:.1%} of its pictures in features and "
        f"{nearest.pixels.closer:.1%} in pixels are closer "
        "to a training picture than 99 % of unseen real ones. Smooth pictures are near to many "
        "others in pixels."
    )
