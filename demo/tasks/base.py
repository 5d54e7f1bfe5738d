"""What a task is: the one object that knows how its results are filtered, shown and saved."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from demo.errors import DemoError
from demo.export.files import File
from demo.export.parts import Parts
from demo.export.replay import PICTURE
from demo.models.spec import ModelSpec, Request
from demo.models.target import Target
from demo.results import Detections, Image, Result

JsonObject = dict[str, object]
"""An object of the JSON that the API answers with."""


class Query(Protocol):
    """The checked options of one request."""

    @property
    def size(self) -> int | None:
        """Longest side of the network's input, pixels; None is the model's own."""


@dataclass(frozen=True, slots=True)
class QueryField:
    """One option of a task's HTTP endpoint.

    kind: number, or names (a list of label names). default: its value where it is left out. doc:
    one phrase for the documentation. own: the model may have a value of its own, which None stands
    for.
    """

    name: str
    kind: Literal["number", "names"]
    default: float | tuple[str, ...] | None
    doc: str
    own: bool = False


R = TypeVar("R", bound=Result)
Q = TypeVar("Q", bound=Query)


class Task(ABC, Generic[R, Q]):
    """A task with results of type R and queries of type Q. It keeps no state."""

    name: ClassVar[str]
    """Stable name in the API, and what a ModelSpec states."""
    title: ClassVar[str]
    """Key of the visible name in `demo/strings`."""
    order: ClassVar[int]
    """Place in lists."""
    takes_pictures: ClassVar[bool] = True
    """Its models answer about a picture, so that there is an HTTP endpoint `/<name>` for them."""
    draws: ClassVar[bool] = False
    """`draw` gives an annotated picture."""
    streams: ClassVar[bool] = False
    """Its models may run over videos and live cameras."""
    finds_boxes: ClassVar[bool] = False
    """Its results are boxes, which can be tracked, counted and blurred."""
    quantizes: ClassVar[bool] = False
    """Its networks keep their answers in int8, as was measured."""
    scored: ClassVar[bool] = False
    """Timeline values are probabilities, not counts."""
    rows_key: ClassVar[str] = "rows"
    """Key of the rows in the JSON of a frame."""
    data_sets: ClassVar[tuple[str, ...]] = ()
    """Names of the formats in `demo/batch/export` that `parts` can fill."""
    fields: ClassVar[tuple[QueryField, ...]] = ()
    """Options of the HTTP endpoint, behind `image` and `model`."""
    more_fields: ClassVar[tuple[QueryField, ...]] = ()
    """Further options of the route of the REST API."""
    shape: ClassVar[type[BaseModel] | None] = None
    """The shape of `facts`, for documents."""
    summary: ClassVar[str] = ""
    """First line of the endpoint's documentation."""
    model_doc: ClassVar[str] = ""
    """What its argument `model` is."""
    returns: ClassVar[str] = ""
    """What the endpoint returns."""

    @abstractmethod
    def parse(self, spec: ModelSpec, values: Mapping[str, object]) -> Q:
        """Values from outside, by name → the checked query; missing ones have their default.

        Raises DemoError for a value of the wrong kind or out of range.
        """

    def refine(self, spec: ModelSpec, result: R, query: Q) -> R:
        """The part of a result that the query asks for; needs no forward pass."""
        return result

    def suppress(self, result: R, iou: float) -> R:
        """A result without boxes that overlap a better one of their class by more, 0–1."""
        return result

    @abstractmethod
    def facts(self, spec: ModelSpec, result: R, query: Q) -> JsonObject:
        """The task's own part of the JSON answer of its endpoint; spec: the model that answered."""

    def target(self, spec: ModelSpec, result: R, text: str) -> Target:
        """What an explanation is about, from its name; empty is the best of the answer.

        result: the refined answer. Raises DemoError for a name that the answer does not have.
        """
        raise DemoError("explain_no_gradients", name=spec.name)

    def targets(self, result: R, locale: str = "en") -> list[tuple[str, str]]:
        """(text for people, name for `target`) of what can be explained in an answer.

        locale: language of the texts, one of `demo.i18n.LOCALES`.
        """
        return []

    def draw(self, image: Image, result: R, query: Q) -> Image | None:
        """The result drawn on a copy of H×W×3 uint8 RGB; None where nothing is drawn."""
        return None

    def files(
        self,
        result: R,
        facts: Mapping[str, Any],
        url: str,
        query: Q | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        """Files to take away. Args: see `demo.export.files`."""
        return []

    def parts(self, result: R, query: Q) -> Parts:
        """What a result adds to files about many pictures; it has all of `data_sets`."""
        return Parts()

    def warm_up_request(self) -> Request | None:
        """A request to load the default model with at the start of the server; None for none."""
        return None

    def detections(self, result: R) -> Detections | None:
        """The boxes of a result, or None where its results have none."""
        return None

    def with_detections(self, result: R, found: Detections) -> R:
        """A result with other boxes in place of its own."""
        raise DemoError("video_no_ids")

    def rows(self, result: R, ids: NDArray[np.int64] | None = None) -> list[JsonObject]:
        """The result of one frame as rows of JSON; ids: a track of each box, 0 for none."""
        return []

    def frame_facts(self, result: R, rows: Sequence[JsonObject]) -> JsonObject:
        """The task's own part of the JSON of one frame of a camera."""
        return {self.rows_key: list(rows)}

    def timeline_values(self, result: R) -> NDArray[np.float32]:
        """One value a label for the timeline of a video: a count, or a probability."""
        return np.zeros(len(result.labels), np.float32)

    def occurrences(self, result: R) -> NDArray[np.int64]:
        """By how much a frame raises the total of each label."""
        return np.zeros(len(result.labels), np.int64)

    def draw_frame(self, image: Image, result: R, ids: NDArray[np.int64] | None = None) -> Image:
        """A copy of H×W×3 uint8 RGB with the result of that frame drawn on it."""
        return image.copy()


AnyTask = Task[Any, Any]
