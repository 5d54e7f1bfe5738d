"""How far maps can be trusted: on the test photos of `boxes3`, each with one person-drawn box.

python -m benchmarks.explain --data FOLDER [--photos N]     every N-th photo, 1 for all of them
python -m benchmarks.explain --data FOLDER --weights [--photos N]

Pointing game (Zhang et al. 2018): the highest pixel lies in the box. Energy (Wang et al. 2020): the
share of the map in the box, as a multiple of the box's share of the picture. Both over the whole
picture; outside of the network's crop a map is 0. Then the check: how often it calls the map, and
five times its cells in random order, better than random.

With --weights: the rank correlation of maps with those of the same network with random weights in
its last third, on the test photos of `animals`, for a classifier and for a detector; and how often
the check says that a map does not depend on these weights. --folder: of weights, with yolo11n.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import needs
from demo.explain import methods
from demo.explain.curves import Chance, cells
from demo.explain.explanation import Explanation, asked, explain, weights_similarity
from demo.explain.passes import Passes, Progress
from demo.explain.placement import on_upload
from demo.explain.randomisation import UNCHANGED
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.lab.data.boxed_photos import Photo, boxed_photos
from demo.lab.data.folders import require_folder
from demo.models.spec import ImageRequest
from demo.models.target import Explainable, Target
from demo.results import Detections, Image, Scores
from demo.settings import Settings
from demo.tasks.detect import DEFAULT_CONFIDENCE

MODELS = {
    "photo-101": ("airplane", "face", "motorcycle"),
    "efficientnet_lite0": ("airplane", "motorcycle"),
}
"""Models, and the classes of boxes3 that they know by some name."""
SIMILAR = ("efficientnet_lite0", "yolo-vitrine", "yolo11n")
SHUFFLES = 5
"""Shuffled maps of each photo."""


@dataclass(frozen=True)
class Numbers:
    """Of one photo.

    hit: the highest pixel is in the box. energy, share: the map's and the picture's parts in the
    box. better, shuffled_better: how many times in one the check calls the map, and its shuffled
    cells, better than random.
    """

    hit: bool
    energy: float
    share: float
    better: bool
    shuffled_better: float


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


def checked(engine: LocalEngine, model: str, found: Explanation, seed: int) -> tuple[bool, float]:
    """Whether the map is called better than random, and how often its shuffled cells are."""
    with engine.exclusive(model) as own:
        family = own.spec.family
        assert isinstance(family, Explainable)
        index = (found.question.target.class_id,)
        grid = cells(found.heat)
        chance = Chance(Passes(own, family, found.prepared, index), grid.shape[:2])
        generator = np.random.default_rng(seed)
        shuffled = [generator.permutation(grid.ravel()) for _ in range(SHUFFLES)]
        better = [
            chance.curves(np.reshape(one, grid.shape)).better_than_random
            for one in (grid, *shuffled)
        ]
        return better[0], sum(better[1:]) / SHUFFLES


def measure(engine: LocalEngine, model: str, photos: Sequence[Photo], method: str) -> list[Numbers]:
    """The numbers of each photo."""
    rows = []
    for number, photo in enumerate(photos):
        image = read(photo)
        found = best_map(engine, model, image, method)
        rows.append(Numbers(*in_box(found, photo, image), *checked(engine, model, found, number)))
    return rows


def energy(rows: Sequence[Numbers]) -> float:
    """The maps' share in the box as a multiple of the pictures' share in it."""
    return float(np.mean([row.energy for row in rows]) / np.mean([row.share for row in rows]))


def similarities(
    engine: LocalEngine, model: str, photos: Sequence[Photo], method: str
) -> list[float | None]:
    """Rank correlations of maps with those of random weights, of photos with an answer."""
    found = []
    for photo in photos:
        image = read(photo)
        answer = engine.run(model, ImageRequest(image)).result
        if isinstance(answer, Scores):
            target = Target(int(answer.probabilities.argmax()))
        else:
            assert isinstance(answer, Detections)
            if not len(answer) or answer.scores[0] < DEFAULT_CONFIDENCE:
                continue
            x0, y0, x1, y1 = answer.xyxy[0].tolist()
            target = Target(int(answer.class_ids[0]), (x0, y0, x1, y1))
        question = asked(engine.spec(model), method, target)
        made = explain(engine, model, ImageRequest(image), question)
        found.append(weights_similarity(engine, model, made, Progress()))
    return found


def print_similarities(engine: LocalEngine, given: argparse.Namespace) -> None:
    """Print the spread for each of `SIMILAR` that is here."""
    photos = [one for one in boxed_photos(given.data, "animals") if one.is_test][:: given.photos]
    here = {row["name"] for row in engine.models() if row["available"]}
    for model in [name for name in SIMILAR if name in here]:
        every = similarities(engine, model, photos, given.method)
        found = [one for one in every if one is not None]
        low, middle, high = np.quantile(found, (0.05, 0.5, 0.95))
        print(
            f"{model} {given.method}, {len(found)} photos, {len(every) - len(found)} boxes too "
            f"small: rank correlation with random weights {middle:.2f}, 90 % of them {low:.2f} to "
            f"{high:.2f}; unchanged {np.mean([one >= UNCHANGED for one in found]):.3f}",
            flush=True,
        )


def main(words: list[str]) -> None:
    """Print the numbers of each model."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--photos", type=int, default=1, metavar="N")
    arguments.add_argument(
        "--method", default="layer-cam", choices=[m.name for m in methods.all_methods()]
    )
    arguments.add_argument("--weights", action="store_true")
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args(words)
    given.data = require_folder(given.data, "animals" if given.weights else "boxes3")
    engine = LocalEngine(Settings(weights_dir=given.folder, offline=True, device="cpu"))
    if given.weights:
        print_similarities(engine, given)
    else:
        print_trust(engine, given)
    engine.close()


def print_trust(engine: LocalEngine, given: argparse.Namespace) -> None:
    """Print the numbers of the maps of each of `MODELS`."""
    for model, labels in MODELS.items():
        rows = measure(engine, model, photos_of(given.data, labels, given.photos), given.method)
        print(
            f"{model} {given.method}, {len(rows)} photos: pointing game "
            f"{np.mean([row.hit for row in rows]):.3f}, energy in the box {energy(rows):.2f} × its "
            f"share; better than random {np.mean([row.better for row in rows]):.3f}, "
            f"shuffled {np.mean([row.shuffled_better for row in rows]):.3f}",
            flush=True,
        )


if __name__ == "__main__":
    needs.run(main)
