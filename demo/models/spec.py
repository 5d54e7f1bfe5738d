"""What a model is: its facts, where its weights come from, and its verbs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from demo.results import Detections, Image, Scores

if TYPE_CHECKING:
    import torch

FLOOR = 0.01
"""Lowest score of a box that a detector answers with; thresholds above it need no new pass."""
MAX_CANDIDATES = 3000
"""Most boxes that a detector answers with before suppression."""


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """The file that a model is loaded from.

    stem: NAME of `NAME.safetensors` and so on, in a folder of the user's. suffixes: the formats
    that the model's loader reads, best first. official: the file's name at its source. url: https,
    or None where it cannot be downloaded. sha256: the digest of the official file in hex or its
    first digits, None where it is not known. size_bytes: of the official or embedded file.
    embedded: the file in this project, for weights of its own.
    """

    stem: str
    suffixes: tuple[str, ...]
    official: str = ""
    url: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    embedded: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """File names that count as these weights in a folder of the user's, best first."""
        own = tuple(self.stem + suffix for suffix in self.suffixes)
        return own if not self.official or self.official in own else (*own, self.official)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file that was found and whose digest was compared with every digest known for it.

    official: it is bit for bit the file that the catalog names.
    """

    path: Path
    sha256: str
    official: bool = False


@dataclass(frozen=True, slots=True)
class UnknownRule:
    """How a classifier tells that a picture is none of its classes.

    method: `energy`, E = T·logsumexp(logits/T), known where E ≥ threshold (Liu et al. 2020,
    arXiv:2010.03759). false_alarm: share of pictures of its classes called unknown, 0–1.
    caught of `foreign` pictures of other things were called unknown.
    """

    method: str
    temperature: float
    threshold: float
    false_alarm: float
    caught: int
    foreign: int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A picture made ready for one network.

    tensor: 1×3×h×w float32 on the CPU. window_xyxy: the part of the upload that the network sees,
    pixels of the upload. seen: that input as a picture, h×w×3 uint8 RGB, not normalised.
    geometry: what the model needs to lead coordinates back.
    """

    tensor: "torch.Tensor"
    window_xyxy: tuple[float, float, float, float]
    seen: Image
    geometry: Any


class Model(Protocol):
    """A loaded network. Nothing of a request is kept on it, so that visitors never meet."""

    size_bytes: int
    """Memory that its parameters take on the device."""

    def preprocess(self, image: Image, size: int) -> Prepared:
        """Upload → network input; called by many threads at once."""

    def forward(self, batch: "torch.Tensor") -> "torch.Tensor":
        """N×3×h×w float32 CPU → N×… float32 CPU; called by one thread at a time."""

    def postprocess(self, raw: "torch.Tensor", prepared: Prepared) -> Scores | Detections:
        """One picture's raw output (1×…) → answer in pixels of the upload; by many threads."""


def format_score(score: Mapping[str, Any]) -> str:
    """A published or measured score for people: `top-1 72.2 %`, or `KID 0.0312` with a unit."""
    if "unit" in score:
        return f"{score['metric']} {score['value']:.4f} {score['unit']}".rstrip()
    return f"{score['metric']} {score['value']:.1f} %"


@dataclass(frozen=True, slots=True, eq=False)
class ModelSpec:
    """The facts of a model and how it is loaded.

    task: `classify`, `detect` or `generate`. labels: none for a generator. input_size: default
    side of the input, pixels; of a generator, how many random numbers. published, measured:
    {"metric", "value" in %, …} or None; a value with "unit" is in that unit instead, lower being
    better for a KID. needs_nms: whether its boxes hold doubles.
    params: number of parameters. order: place in lists. unknown: None where nothing is calibrated.
    load: a checked file and a device → the model there. Raises DemoError for a file that is
    corrupt, unsafe or of another network.
    """

    name: str
    title: str
    task: str
    labels: tuple[str, ...]
    input_size: int
    architecture: str
    licence: str
    source: str
    weights: WeightsEntry
    load: "Callable[[WeightsFile, torch.device], Model]"
    published: dict[str, Any] | None = None
    measured: dict[str, Any] | None = None
    needs_nms: bool = False
    params: int | None = None
    order: int = 0
    unknown: UnknownRule | None = None
