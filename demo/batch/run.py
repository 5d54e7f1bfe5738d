"""A batch: one model's answers about many pictures, in their order."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from demo import tasks
from demo.batch.pictures import LeftOut, NamedPicture
from demo.errors import DemoError
from demo.images.convert import Note
from demo.inference.engine import Prediction
from demo.models.spec import ModelSpec
from demo.results import Image, Result, Timing
from demo.service.bulk_answers import BulkAnswers
from demo.service.facts import answer_facts
from demo.tasks.base import JsonObject, Query

A = TypeVar("A")

_AHEAD = 2
"""Pictures under way or answered for each worker, before the consumer takes the first of them."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchAnswer:
    """A model's whole answer about one picture of a batch; none of its pixels are kept.

    picture: its name and file. spec: the model. size_wh: of the upright picture, pixels. format:
    one of `file_types.ACCEPTED`. notes: remarks on how the file was read. sha256: of the file.
    prediction: of the engine, without a view; its result is not filtered. timing: ms.
    """

    picture: NamedPicture
    spec: ModelSpec
    size_wh: tuple[int, int]
    format: str
    notes: tuple[Note, ...]
    sha256: str
    prediction: Prediction
    timing: Timing

    @property
    def name(self) -> str:
        """The picture's name, unique in the batch."""
        return self.picture.name


Step = BatchAnswer | LeftOut
"""What becomes of a picture: an answer, or the sentence why there is none."""
Ask = Callable[[NamedPicture], BatchAnswer]
"""Answers about one picture, from any thread. Raises DemoError."""


def asker(
    bulk: BulkAnswers,
    spec: ModelSpec,
    query: Query,
    seen: Callable[[NamedPicture, Image], None] = lambda picture, rgb: None,
) -> Ask:
    """What asks a model about the pictures of a batch.

    Args:
        bulk: of the service.
        spec: the model.
        query: the checked options; only its size matters before `refined`.
        seen: called in the thread that has just decoded a picture, with its H×W×3 uint8 RGB, for
            instance to write a thumbnail.
    """

    def ask(named: NamedPicture) -> BatchAnswer:
        picture, prediction, timing = bulk.answer(named.path, spec, query)
        seen(named, picture.rgb)
        height, width = picture.rgb.shape[:2]
        facts = picture.format, picture.notes, picture.sha256
        return BatchAnswer(named, spec, (width, height), *facts, prediction, timing)

    return ask


def run(
    pictures: Iterable[NamedPicture],
    ask: Callable[[NamedPicture], A],
    stop: threading.Event,
    workers: int,
) -> Generator[A | LeftOut, None, None]:
    """Answer pictures in parallel and yield what becomes of each, in their order.

    It ends before the next picture once `stop` is set; then, and where the generator is closed, no
    further picture is begun. It never waits for those under way when it is closed. However many
    pictures there are, only a few are under way.

    Args:
        pictures: of the batch.
        ask: answers about one, from any thread, such as an `asker`. Its DemoErrors are steps.
        stop: set by anyone.
        workers: threads, see `BulkAnswers.workers`.
    """
    pool = ThreadPoolExecutor(workers, "batch")
    waiting: deque[tuple[NamedPicture, Future[A]]] = deque()
    rest = iter(pictures)
    try:
        while not stop.is_set():
            for named in islice(rest, _AHEAD * workers - len(waiting)):
                waiting.append((named, pool.submit(ask, named)))
            if not waiting:
                return
            named, answer = waiting.popleft()
            step = _step(named, answer)
            yield step
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def refined(answer: BatchAnswer, query: Query) -> Result:
    """The part of an answer that the query asks for: no forward pass, no pixels."""
    task = tasks.find(answer.spec.task)
    result: Result = task.refine(answer.spec, answer.prediction.result, query)
    return result


def facts(answer: BatchAnswer, result: Result, query: Query) -> JsonObject:
    """The JSON of the API about an answer; result: the refined one."""
    own = tasks.find(answer.spec.task).facts(answer.spec, result, query)
    return answer_facts(answer.prediction, answer.timing, own, answer.size_wh)


def _step(named: NamedPicture, answer: "Future[A]") -> A | LeftOut:
    try:
        return answer.result()
    except DemoError as error:
        return LeftOut(named.name, error)
