"""How far maps can be trusted: on the test photos of `boxes3`, each with one person-drawn box.

python -m benchmarks.explain --data FOLDER [--photos N]     every N-th photo, 1 for all of them

Pointing game (Zhang et al. 2018): the highest pixel lies in the box. Energy (Wang et al. 2020): the
share of the map in the box, as a multiple of the box's share of the picture. Both over the whole
picture; outside of the network's crop a map is 0. Then the check: how often it calls the map, and
the map with its cells shuffled, better than random.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.explain import methods
from demo.explain.curves import cells, curves
from demo.explain.explanation import Explanation, asked, explain
from demo.explain.passes import Passes
from demo.explain.placement import on_upload
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.lab.data.boxed_photos import Photo, boxed_photos
from demo.models.spec import ImageRequest
from demo.models.target import Explainable, Target
from demo.results import Image, Scores
from demo.settings import Settings

MODELS = {
    "photo-101": ("airplane", "face", "motorcycle"),
    "efficientnet_lite0": ("airplane", "motorcycle"),
}
"""Models, and the classes of boxes3 that they know by some name."""


@dataclass(frozen=True)
class Numbers:
    """Of one photo; energy and share are the map's and the picture's parts in the box."""

    hit: bool
    energy: float
    share: float
    better: bool
    shuffled_better: bool


def photos_of(data: Path, labels: Sequence[str], step: int) -> list[Photo]:
    """Every `step`-th test photo with one of the labels."""
    known = [one for one in boxed_photos(data, "boxes3") if one.is_test and one.labels[0] in labels]
    return known[::step]


def read(photo: Photo) -> Image:
    """The pixels of a photo."""
    return decode(photo.path.read_bytes(), Limits.of(Settings())).rgb


def best_map(engine: LocalEngine, model: str, image: Image, method: str) -> Explanation:
    """The map of the model's own answer."""
    answer = engine.run(model, ImageRequest(image)).result
    assert isinstance(answer, Scores)
    target = Target(int(answer.probabilities.argmax()))
    return explain(engine, model, ImageRequest(image), asked(engine.spec(model), method, target))


def in_box(found: Explanation, photo: Photo, image: Image) -> tuple[bool, float, float]:
    """Whether the highest pixel is in the box, the map's share in it, and the picture's."""
    height, width = image.shape[:2]
    heat = on_upload(found.heat, found.prepared, (width, height))
    x0, y0, x1, y1 = (round(value) for value in photo.boxes[0])
    box = np.zeros((height, width), bool)
    box[y0:y1, x0:x1] = True
    return bool(box.ravel()[heat.argmax()]), float(heat[box].sum() / heat.sum()), float(box.mean())


def checked(engine: LocalEngine, model: str, found: Explanation, seed: int) -> tuple[bool, bool]:
    """Whether the map, and the map with its cells shuffled, are called better than random."""
    with engine.exclusive(model) as own:
        family = own.spec.family
        assert isinstance(family, Explainable)
        index = (found.question.target.class_id,)
        passes = Passes(own, family, found.prepared, index)
        grid = cells(found.heat)
        mixed: NDArray[np.float32] = np.random.default_rng(seed).permutation(grid.ravel())
        both = (found.heat, mixed.reshape(grid.shape))
        first, second = (curves(passes, heat).better_than_random for heat in both)
        return first, second


def main() -> None:
    """Print the numbers of each model."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--photos", type=int, default=1, metavar="N")
    arguments.add_argument(
        "--method", default="layer-cam", choices=[m.name for m in methods.all_methods()]
    )
    given = arguments.parse_args()
    engine = LocalEngine(Settings(offline=True, device="cpu"))
    for model, labels in MODELS.items():
        rows = []
        for number, photo in enumerate(photos_of(given.data, labels, given.photos)):
            image = read(photo)
            found = best_map(engine, model, image, given.method)
            rows.append(
                Numbers(*in_box(found, photo, image), *checked(engine, model, found, number))
            )
        energy = np.mean([row.energy for row in rows]) / np.mean([row.share for row in rows])
        print(
            f"{model} {given.method}, {len(rows)} photos: pointing game "
            f"{np.mean([row.hit for row in rows]):.3f}, energy in the box {energy:.2f} × its "
            "share; "
            f"better than random {np.mean([row.better for row in rows]):.3f}, "
            f"shuffled {np.mean([row.shuffled_better for row in rows]):.3f}",
            flush=True,
        )
    engine.close()


if __name__ == "__main__":
    main()
