"""The engine: the one way to run a model. Its answers under load are its answers alone."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict, TypeVar

from demo.inference.own_models import RefusedFile
from demo.models.score import Score
from demo.models.spec import InputView, ModelSpec, Request
from demo.results import Result, Timing

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")
Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
"""Those that a caller can choose, see `Engine.in_precision`."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The answer of a model to one request.

    backend: name of the back end that ran the network. device: for people. view: what the network
    saw of the upload; None where no picture went in.
    """

    model: str
    weights_sha256: str
    backend: str
    result: Result
    timing: Timing
    device: str
    view: InputView | None


@dataclass(frozen=True, slots=True)
class Status:
    """What a model is doing.

    state: absent (would have to be downloaded), present, downloading, loading or resident.
    fraction: of the download, 0–1.
    """

    state: str
    fraction: float | None = None


class ModelRow(TypedDict):
    """One model of the catalog, as `/models` lists it. Scores are in %.

    embedded: this project brings its weights. packaged: an installed Python package does. own: it
    is made from a file of the owner's. command: the command line that brings its weights. obstacle:
    of a model that is not available, the string key of why it cannot be downloaded from the page;
    empty where it can. file: its official file's name. lineage: the family of its network. backend:
    by which it answers now; None where it is not in memory.
    """

    name: str
    title: str
    task: str
    available: bool
    embedded: bool
    packaged: bool
    own: bool
    command: str
    obstacle: str
    file: str
    lineage: str
    params: int | None
    size_bytes: int | None
    published: Score | None
    measured: Score | None
    licence: str
    source: str
    input_size: int
    classes: int
    resident: bool
    backend: str | None


class ExclusiveModel(Protocol):
    """A model for one caller alone, with hooks and gradients."""

    @property
    def spec(self) -> ModelSpec:
        """The facts of the model; its family prepares inputs."""

    def run(self, work: "Callable[[nn.Module], T]") -> T:
        """Call `work` with the plain network while no other pass runs on the device.

        It is the same network at every call within the block. Work of many passes is many calls:
        the requests of others are answered between two of them. Raises DemoError where the memory
        does not suffice, and whatever `work` raises.
        """


class ModelInPrecision(Protocol):
    """A model whose passes are all of one precision."""

    @property
    def weights_bytes(self) -> int | None:
        """Memory of the network's weights in this precision; None before the first picture."""

    def run(self, request: Request, *, bulk: bool = False) -> Prediction:
        """As `Engine.run`; the first picture of each input shape may wait for a conversion.

        Raises DemoError where the network cannot be converted, too.
        """


class Engine(Protocol):
    """Runs models, in this process or elsewhere. All methods are thread-safe."""

    @property
    def concurrency(self) -> int:
        """How many requests at once keep the device busy, one of them being prepared."""

    def run(self, model: str, request: Request, *, bulk: bool = False) -> Prediction:
        """Run one request; blocks.

        bulk: one of many requests by `concurrency` threads. Raises DemoError for an unknown name
        or size, and for weights that are missing, corrupt or too large for the memory.
        """

    def run_many(self, model: str, requests: Sequence[Request]) -> list[Prediction]:
        """Run requests together; the predictions in their order. Raises as `run` does."""

    def exclusive(self, model: str) -> AbstractContextManager[ExclusiveModel]:
        """The model with its plain, differentiable network for the length of the block."""

    def in_precision(
        self, model: str, precision: Precision
    ) -> AbstractContextManager[ModelInPrecision]:
        """The model in one precision for the length of the block.

        Raises DemoError where it cannot run in it here.
        """

    def spec(self, name: str) -> ModelSpec:
        """The facts of a model. Raises DemoError for an unknown name."""

    def models(self) -> list[ModelRow]:
        """Every model of the catalog: whether it can answer here, its size, scores and licence."""

    def first(self) -> ModelSpec | None:
        """The model that the owner opens the page with; None where there is none."""

    def refused(self) -> list[RefusedFile]:
        """Files in the owner's folder that are no models here, and why."""

    def default(self, task: str) -> str:
        """Name of the best model of a task that is present. Raises DemoError where none is."""

    def bring(self, name: str) -> None:
        """Download a model's weights where they are not here, and load it; blocks.

        Raises DemoError as `run` does: the owner's limits of downloads hold.
        """

    def status(self, name: str) -> Status:
        """Whether a model is absent, present, downloading, loading or resident."""

    def size_bytes(self, name: str) -> int | None:
        """Size of the model's file, here or at its source."""

    def weights_version(self, name: str) -> Hashable:
        """Changes when the file of the model changes, so that kept answers are not used again."""

    def device_text(self) -> str:
        """The device for people, such as `CPU · 2 cores`."""

    def warm_up(self) -> None:
        """Load in the background what the page opens on."""

    def close(self) -> None:
        """End the engine; nothing is answered any more."""
