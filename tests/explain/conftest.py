"""A network whose classes are decided by one textured patch, and an engine that runs it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.backends.torch_cpu import BACKEND
from demo.explain.passes import Passes
from demo.inference.catalog import Catalog
from demo.inference.local_engine import LocalEngine
from demo.models.classifier import Classifier, Preprocessing
from demo.models.spec import ImageRequest, ModelSpec, WeightsEntry, WeightsFile
from demo.models.target import Explainable, Target
from demo.results import Image
from demo.settings import Settings

T = TypeVar("T")

SIDE, PATCH = 64, 16
LABELS = ("vertical", "horizontal", "checked", "nothing")
FLAT = Preprocessing(SIDE, SIDE, "bilinear", (0.5,) * 3, (0.25,) * 3)


@dataclass(frozen=True)
class Textured:
    """A picture of soft noise with one patch; xy: its upper left corner."""

    image: Image
    class_id: int
    xy: tuple[int, int]


def textured(generator: np.random.Generator) -> Textured:
    class_id = int(generator.integers(3))
    x, y = (int(one) for one in generator.integers(0, SIDE - PATCH, 2))
    picture = generator.normal(128, 25, (SIDE, SIDE, 1)).repeat(3, axis=2)
    rows, columns = np.indices((PATCH, PATCH)) // 2 % 2
    pattern = (columns, rows, rows ^ columns)[class_id]
    picture[y : y + PATCH, x : x + PATCH] = 40 + 175 * pattern[:, :, None]
    return Textured(picture.clip(0, 255).astype(np.uint8), class_id, (x, y))


def plain(generator: np.random.Generator) -> Textured:
    """Noise without a patch, weak or strong: the last class."""
    picture = generator.normal(128, generator.uniform(15, 90), (SIDE, SIDE, 3))
    return Textured(picture.clip(0, 255).astype(np.uint8), 3, (0, 0))


def small_network() -> nn.Module:
    layers: list[nn.Module] = []
    before = 3
    for width, stride in ((16, 1), (24, 2), (32, 2)):
        conv = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        before = width
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, len(LABELS))
    )


def batch(pictures: list[Textured]) -> tuple[Tensor, Tensor]:
    family = Classifier("patches", FLAT, LABELS)
    inputs = [family.preprocess(ImageRequest(one.image)).inputs for one in pictures]
    return torch.from_numpy(np.concatenate(inputs)), torch.tensor([o.class_id for o in pictures])


@pytest.fixture(scope="session")
def trained() -> nn.Module:
    """Trained in seconds until it knows the three textures."""
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    network = small_network().train()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(90):
        some = [textured(generator) for _ in range(24)] + [plain(generator) for _ in range(8)]
        inputs, wanted = batch(some)
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), wanted)
        torch.autograd.backward(loss)
        optimiser.step()
    network.eval()
    inputs, wanted = batch([textured(generator) for _ in range(100)])
    assert (network(inputs).argmax(1) == wanted).float().mean() > 0.97
    return network


def spec_of(network: nn.Module, layers: tuple[str, ...] = ("8",)) -> ModelSpec:
    def load(file: WeightsFile) -> nn.Module:
        copy = small_network()
        copy.load_state_dict(network.state_dict())
        return copy.eval()

    return ModelSpec(
        name="patches",
        title="patches",
        task="classify",
        labels=LABELS,
        input_size=SIDE,
        architecture="small",
        licence="none",
        source="here",
        weights=WeightsEntry("patches", (".pth",)),
        family=Classifier("patches", FLAT, LABELS),
        network=load,
        fixed_size=True,
        cam_layers=layers,
    )


@pytest.fixture
def running(trained: nn.Module, tmp_path: Path) -> Iterator[LocalEngine]:
    """An engine that knows `patches`, and `blind`: the same without layers for maps."""
    blind = replace(spec_of(trained, ()), name="blind", weights=WeightsEntry("blind", (".pth",)))
    specs = [spec_of(trained), blind]
    for one in specs:
        (tmp_path / f"{one.name}.pth").write_bytes(b"none")
    settings = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "c", device="cpu", threads=1)
    engine = LocalEngine(settings, Catalog(settings, specs), [BACKEND])
    yield engine
    engine.close()


@dataclass(frozen=True, eq=False)
class Alone:
    """An ExclusiveModel without an engine."""

    spec: ModelSpec
    network: nn.Module

    def run(self, work: Callable[[nn.Module], T]) -> T:
        return work(self.network)


def passes_of(spec: ModelSpec, network: nn.Module, image: Image, target: Target) -> Passes:
    family = spec.family
    assert isinstance(family, Explainable)
    prepared = spec.family.preprocess(ImageRequest(image))
    passes = Passes(Alone(spec, network), family, prepared)
    index = passes.family.output_index(passes.outputs(), prepared, target)
    return replace(passes, index=index)


def shuffled(heat: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    mixed = np.random.default_rng(seed).permutation(heat.ravel())
    return np.asarray(mixed.reshape(heat.shape), np.float32)
