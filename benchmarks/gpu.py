"""A GPU against the CPU: the same answers, how fast, how much memory. It never ran on a GPU yet.

`python -m benchmarks.gpu [--quick]` takes less than six minutes and prints one table:

- whether detectors and a classifier answer on the GPU as on the CPU, in each precision that the
  back ends have (float32, whose convolutions a GPU rounds to TF32: 1 px and a score of 0.005;
  half: an IoU of 0.9 and a score of 0.1, or 0.02 of a class),
- pictures a second of the raw forward pass, channels last, at batch 1, 8 and 32,
- the same through the engine's `run_many`, and of 32 clients by REST, with memory.

`--device cpu` runs the same on the CPU, which is how it is tested; that fills no row of the README.
Fails where an answer differs.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from benchmarks import figures, gpu_rates, needs
from benchmarks.box_check import HALF, THRESHOLD, Tolerance, differences
from benchmarks.gpu_rates import ForwardRate
from benchmarks.needs import WEIGHTS
from benchmarks.rest_client import Box
from benchmarks.servers import running
from demo.geometry.boxes import nms
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.catalog import Catalog
from demo.inference.engine import Engine, Prediction
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Detections, Image, Scores
from demo.service import examples
from demo.settings import Settings, names

MODELS = ("yolo11n", "yolo-vitrine", "photo-101")
"""Those that are here are compared; the first of them that detects is measured."""
SINGLE = Tolerance(1.0, 5e-3)
"""Of boxes in float32."""
_SCORES = {SINGLE: 5e-3, HALF: 2e-2}
"""Allowed difference of a class's probability."""


@dataclass(frozen=True)
class Extent:
    """How much is measured. seconds: of each; together: requests that the engine gets at once."""

    seconds: float = 5.0
    together: int = 128
    batches: tuple[int, ...] = (1, 8, 32)


QUICK = Extent(0.3, 8, (1, 2))


@dataclass(frozen=True)
class Served:
    """One precision of the back ends: pictures a second, and memory of the server, MB."""

    precision: str
    backend: str
    engine_s: float
    rest_s: float
    memory_mb: float


@dataclass
class Found:
    """All that was measured. wrong: what differs between GPU and CPU; lines: of the check."""

    model: str
    raw: list[ForwardRate] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def environ(device: str, precision: str, cache: str) -> dict[str, str]:
    """Variables of an engine or a server on a device."""
    return {
        "VITRINE_DEVICE": device,
        "VITRINE_PRECISION": precision,
        "VITRINE_CACHE": cache,
        "VITRINE_OFFLINE": "1",
        "VITRINE_WEIGHTS": str(WEIGHTS) if WEIGHTS.is_dir() else "",
    }


def precisions() -> list[str]:
    """Values of VITRINE_PRECISION; the exact one alone where there is no such setting."""
    return ["exact", *(["fast"] if "precision" in names() else [])]


@contextmanager
def engine_on(device: str, precision: str, cache: str) -> Iterator[Engine]:
    """An engine, closed at the end."""
    engine = LocalEngine(Settings.from_env(environ(device, precision, cache)))
    try:
        yield engine
    finally:
        engine.close()


def boxes_of(found: Detections) -> list[Box]:
    """The boxes that an answer shows at the usual thresholds."""
    shown = nms(found.select(THRESHOLD, ()), 0.7)
    rows = zip(shown.xyxy.tolist(), shown.scores.tolist(), shown.class_ids.tolist(), strict=True)
    return [{"xyxy": xyxy, "score": score, "class_id": number} for xyxy, score, number in rows]


def compare(here: Prediction, there: Prediction, allowed: Tolerance) -> list[str]:
    """What differs between two answers to one picture."""
    one, two = here.result, there.result
    if isinstance(one, Detections) and isinstance(two, Detections):
        return differences(boxes_of(two), boxes_of(one), allowed)
    assert isinstance(one, Scores)
    assert isinstance(two, Scores)
    apart = float(np.abs(one.probabilities - two.probabilities).max())
    return [f"probabilities differ by {apart:.4f}"] if apart > _SCORES[allowed] else []


def check(
    reference: Engine, engine: Engine, models: Sequence[str], pictures: Sequence[Image], half: bool
) -> tuple[list[str], list[str]]:
    """Lines about the answers of each model on both, and what is wrong with them."""
    lines, wrong = [], []
    for model in models:
        requests = [ImageRequest(picture) for picture in pictures]
        faults = []
        for request in requests:
            here, there = (one.run(model, request) for one in (reference, engine))
            faults += compare(here, there, HALF if half else SINGLE)
        verdict = f"{len(faults)} differences" if faults else "as on the CPU"
        lines.append(f"{model} by {there.backend}, {len(requests)} pictures: {verdict}")
        wrong += [f"{model} by {there.backend}: {fault}" for fault in faults]
    return lines, wrong


def network_of(settings: Settings, model: str, picture: Image) -> tuple[nn.Module, np.ndarray]:
    """A model's network on the CPU, and its input for a picture, 1×3×h×w float32."""
    catalog = Catalog(settings)
    spec = catalog.spec(model)
    inputs = spec.family.preprocess(ImageRequest(picture)).inputs
    return spec.network(catalog.open(model, lambda _: None)), np.ascontiguousarray(inputs)


def measure(device: str, extent: Extent, cache: str) -> Found:
    """Check and measure everything."""
    seconds = extent.seconds
    files = [path.read_bytes() for path in examples.paths()]
    pictures = [decode(data, Limits.of(Settings())).rgb for data in files]
    with engine_on("cpu", "exact", cache) as reference:
        present = {row["name"] for row in reference.models() if row["available"]}
        models = [name for name in MODELS if name in present]
        found = Found(models[0])
        for precision in precisions():
            with engine_on(device, precision, cache) as engine:
                half = precision != "exact"
                lines, wrong = check(reference, engine, models, pictures, half)
                found.lines += lines
                found.wrong += wrong
                many = [pictures[i % len(pictures)] for i in range(extent.together)]
                rate = gpu_rates.engine_rate(engine, found.model, many, seconds)
                backend = engine.run(found.model, ImageRequest(pictures[0])).backend
            rest_s, memory_mb = by_rest(device, precision, cache, found.model, files, seconds)
            found.served.append(Served(precision, backend, rate, rest_s, memory_mb))
    settings = Settings.from_env(environ("cpu", "exact", cache))
    network, inputs = network_of(settings, found.model, pictures[0])
    found.raw = gpu_rates.forward_rates(network, inputs, device, extent.batches, seconds)
    return found


def by_rest(
    device: str, precision: str, cache: str, model: str, files: Sequence[bytes], seconds: float
) -> tuple[float, float]:
    """Answers a second of a server on the device, and the memory that it takes there, MB."""
    before = gpu_rates.used_mb(device)
    with running(ordinary=False, environ=environ(device, precision, cache)) as (url, _):
        rate = gpu_rates.rest_rate(url, model, files, gpu_rates.CLIENTS, seconds)
        return rate, gpu_rates.used_mb(device) - before


def table(found: Found) -> list[str]:
    """One table of all."""
    lines = [*found.lines, f"{'':34} pictures/s        MB"]
    for raw in found.raw:
        what = f"raw {raw.precision}, batch {raw.batch}"
        lines.append(f"{what:34} {raw.pictures_s:10.1f} {raw.memory_mb:9.0f}")
    for one in found.served:
        lines.append(f"{f'engine, {one.precision}, {one.backend}':34} {one.engine_s:10.1f}")
        what = f"REST, {one.precision}, {gpu_rates.CLIENTS} clients"
        lines.append(f"{what:34} {one.rest_s:10.1f} {one.memory_mb:9.0f}")
    best, raw = max(one.engine_s for one in found.served), ceiling(found)
    share = best / raw.pictures_s
    lines.append(f"engine ÷ raw float16 at batch {raw.batch}: {share:.2f} (aim 0.8)")
    return lines


def ceiling(found: Found) -> ForwardRate:
    """The raw half-precision pass with the largest batch."""
    half = [raw for raw in found.raw if raw.precision == "float16"]
    return max(half, key=lambda raw: raw.batch)


def figures_of(found: Found) -> figures.Figures:
    """For the row of the README: of the fastest precision."""
    best = max(found.served, key=lambda one: one.engine_s)
    raw = ceiling(found).pictures_s
    values: dict[str, figures.Value] = {
        "model": found.model,
        "rate": best.engine_s,
        "rest_rate": best.rest_s,
        "to_raw": best.engine_s / raw,
        "raw_rate": raw,
    }
    return {"gpu.served": values}


def main(words: list[str]) -> int:
    """Print the table; returns 1 where an answer differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="a try")
    figures.add_option(parser)
    options = parser.parse_args(words)
    if options.device == "cuda" and not torch.cuda.is_available():
        raise needs.MissingError(
            "This measurement needs an NVIDIA GPU, and torch finds no CUDA device on this machine."
        )
    extent = QUICK if options.quick else Extent()
    with tempfile.TemporaryDirectory() as cache:
        found = measure(options.device, extent, cache)
    print(*table(found), *found.wrong, sep="\n")
    if options.device == "cuda":
        figures.save(options.json, figures_of(found))
    return 1 if found.wrong else 0


if __name__ == "__main__":
    needs.run(main)
