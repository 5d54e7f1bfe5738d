"""How far maps can be trusted on photos with boxes: the bars that the README's numbers stand on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.explain import MODELS, SHUFFLES, Numbers, energy, measure, photos_of
from demo.inference.local_engine import LocalEngine
from demo.settings import Settings

STEPS = {"photo-101": 21, "efficientnet_lite0": 16}
"""Model → every how many-th test photo is taken, so that about 21 remain."""


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> Iterator[dict[str, list[Numbers]]]:
    engine = LocalEngine(Settings(offline=True, device="cpu", threads=1))
    yield {
        model: measure(engine, model, photos_of(shared_data, labels, STEPS[model]), "layer-cam")
        for model, labels in MODELS.items()
    }
    engine.close()


@pytest.mark.timeout(600)
def test_the_samples_are_large_enough(rows: dict[str, list[Numbers]]) -> None:
    assert rows.keys() == MODELS.keys()
    assert all(len(some) >= 20 for some in rows.values())
    # Not every picture is the thing alone.
    assert all(np.mean([row.share for row in some]) < 0.6 for some in rows.values())


@pytest.mark.parametrize("model", MODELS)
def test_maps_point_at_the_thing(rows: dict[str, list[Numbers]], model: str) -> None:
    assert np.mean([row.hit for row in rows[model]]) >= 0.85
    assert energy(rows[model]) >= 1.5


def test_the_check_tells_maps_from_shuffled_ones(rows: dict[str, list[Numbers]]) -> None:
    every = [row for some in rows.values() for row in some]
    assert np.mean([row.better for row in every]) >= 0.95
    assert len(every) * SHUFFLES >= 200
    assert np.mean([row.shuffled_better for row in every]) <= 0.05
