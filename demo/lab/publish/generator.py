"""From a finished run of a generator to what stands in weights/: the file, its facts, its card."""

from collections.abc import Iterator
from pathlib import Path

from safetensors.torch import save_file

from demo.errors import DemoError
from demo.lab.evaluation.generator import Facts, evaluate_generator
from demo.lab.generator_recipe import GeneratorRecipe
from demo.lab.publish.classifier import common_facts, write_card
from demo.lab.training.classifier import CHECKPOINT
from demo.lab.training.detector import half_state
from demo.lab.training.generator import Rivals, settle_norms
from demo.models.networks.gan import NOISE


def ship_generator(
    recipe: GeneratorRecipe, data: Path | None, run: Path, weights: Path, cache: Path
) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md of the generator's moving average.

    Measured on the file itself, by the features of a classifier that lies in `weights`. Raises
    DemoError where there is no run or no such classifier.
    """
    if not (run / CHECKPOINT).is_file():
        raise DemoError("lab_run_missing", name=recipe.name)
    rivals = Rivals.new(recipe)
    rivals.load(run)
    settle_norms(rivals.average, recipe.seed)
    weights.mkdir(exist_ok=True)
    file = weights / f"{recipe.name}.safetensors"
    save_file(half_state(rivals.average.state_dict()), file)
    facts = common_facts(recipe, "generate", (NOISE,), recipe.network, file, run)
    yield f"{file.name}: {file.stat().st_size:,} bytes, measuring"
    found = evaluate_generator(weights, facts, recipe.dataset, data, cache, recipe.features)
    best = found["distances"][0]
    facts |= {
        "output_size": (32, 32),
        "mean": None,
        "std": None,
        "measured": {
            "dataset": f"{recipe.dataset} test",
            "metric": "KID",
            "value": best["kid"],
            "low": best["low"],
            "high": best["high"],
            "n": found["pictures"],
        },
        "scores": [],
        "per_class": {},
        "generation": found,
        "unknown": None,
        "failures": [*recipe.about.failures, _far(found), _uneven(found), _near(found)],
    }
    yield from write_card(facts, weights)


def _far(found: Facts) -> str:
    made, real, untrained, _ = (row["fid"] for row in found["distances"])
    return (
        f"By these features the pictures are far from real: FID {made:.1f}, where training "
        f"pictures have {real:.1f} and the untrained network {untrained:.1f}."
    )


def _uneven(found: Facts) -> str:
    """How much less varied it draws than pictures are, and what too often or seldom, in words."""
    closer = 1 - found["made"]["distance"] / found["real"]["distance"]
    ours, theirs = found["made"]["classes"], found["real"]["classes"]
    ratios = sorted((ours[label] / max(theirs[label], 1), label) for label in ours)
    (fewest, rare), (most, often) = ratios[0], ratios[-1]
    return (
        f"Its pictures lie {closer:.0%} closer together in features than test pictures do, and "
        f"compared with those the classifier sees {often} {most:.1f} times as often in "
        f"the drawn ones and {rare} {fewest:.1f} times."
    )


def _near(found: Facts) -> str:
    """Whether pictures are nearer to training pictures than unseen real ones are, in words."""
    by_features, by_pixels = (found["nearest"][space]["closer"] for space in ("features", "pixels"))
    return (
        f"{by_features:.1%} of its pictures in features and {by_pixels:.1%} in pixels are closer "
        "to a training picture than 99 % of unseen real ones. Smooth pictures are near to many "
        "others in pixels."
    )
