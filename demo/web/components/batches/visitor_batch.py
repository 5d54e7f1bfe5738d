"""One visitor's pictures on one tab, and what a model has answered about them so far."""

import os
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from demo import tasks
from demo.batch.pictures import Gathered, LeftOut, NamedPicture
from demo.batch.run import Ask, BatchAnswer, Step, asker, run
from demo.errors import DemoError
from demo.images.encode import encode_jpeg, thumbnail
from demo.models.spec import ModelSpec
from demo.results import Image
from demo.service.service import Service
from demo.tasks.base import Query

_THUMBNAIL_SIDE = 160
_THUMBNAIL_QUALITY = 80
_HEAVY_BYTES = 100_000
"""Results above it are kept without their masks, which take megabytes a picture."""


@dataclass(slots=True, eq=False)
class Answers:
    """What one model says; spec, query: of it. key: what a forward pass depends on.

    steps: by the place of the picture. heavy: places whose masks were not kept. stop: ends the run.
    run: the one that was begun last, if it was not ended.
    """

    spec: ModelSpec
    query: Query
    key: tuple[object, ...]
    steps: dict[int, Step] = field(default_factory=dict)
    heavy: set[int] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)
    run: "Future[None] | None" = None


class VisitorBatch:
    """Its pictures lie in the private folder of uploads; answers are kept until another model's.

    stopped: by the visitor, until he goes on. saved: the file with everything, the last one.
    """

    def __init__(self, service: Service, folder: Path, gathered: Gathered) -> None:
        """Begin without answers; folder: a private one of this batch."""
        self._service = service
        self._folder = folder
        self.pictures = gathered.pictures
        self.left = gathered.left_out
        self.stopped = False
        self.saved: Path | None = None
        self._answers: Answers | None = None
        self._lock = threading.Lock()
        self._places = {one.name: place for place, one in enumerate(self.pictures)}

    def answers(self, spec: ModelSpec, query: Query) -> Answers:
        """Those of a model, kept ones where only the filters are others. Ends the run of another's.

        query: the checked options.
        """
        version = self._service.engine.weights_version(spec.name)
        key = (spec.name, version, query.size)
        if self._answers is None or self._answers.key != key:
            self.end()
            self.stopped = False
            self._answers = Answers(spec, query, key)
        return self._answers

    def begin(self, answers: Answers) -> None:
        """Answer in the background what is not answered, unless that is under way.

        Raises DemoError where the server is about to stop.
        """
        with self._lock:
            if answers.run is None and not self.is_complete(answers):
                answers.stop = stop = threading.Event()
                answers.run = self._service.submit(lambda: self._work(answers, stop))

    def end(self) -> None:
        """End the run, if there is one, before its next picture."""
        with self._lock:
            if self._answers is not None:
                self._answers.stop.set()
                self._answers.run = None

    def is_complete(self, answers: Answers) -> bool:
        """Whether each picture has its answer."""
        return len(answers.steps) == len(self.pictures)

    def touch(self) -> None:
        """Renew the time of all files, so that none goes while the others are in use."""
        for path in [*(one.path for one in self.pictures), *self._folder.glob("*.jpg")]:
            with suppress(OSError):  # gone already; its answer says so
                os.utime(path)

    def thumbnail(self, place: int) -> Path:
        """The small JPEG of a picture; it is there once the picture was decoded."""
        return self._folder / f"{place}.jpg"

    def whole(self, answers: Answers, place: int) -> Step:
        """What has become of a picture, with the masks, which may take a forward pass."""
        step = answers.steps[place]
        if place not in answers.heavy:
            return step
        try:
            return self._asker(answers)(self.pictures[place])
        except DemoError as error:
            return LeftOut(step.name, error)

    def _work(self, answers: Answers, stop: threading.Event) -> None:
        places = [i for i in range(len(self.pictures)) if i not in answers.steps]
        rest = [self.pictures[i] for i in places]
        workers = self._service.bulk.workers
        with closing(run(rest, self._asker(answers), stop, workers)) as steps:
            # The run ends early where it is stopped.
            for place, step in zip(places, steps, strict=False):
                self._keep(answers, place, step)

    def _keep(self, answers: Answers, place: int, step: Step) -> None:
        if isinstance(step, BatchAnswer):
            light = without_masks(step)
            if light is not step:
                answers.heavy.add(place)
            step = light
        answers.steps[place] = step

    def _asker(self, answers: Answers) -> Ask:
        return asker(self._service.bulk, answers.spec, answers.query, self._write_thumbnail)

    def _write_thumbnail(self, picture: NamedPicture, rgb: Image) -> None:
        path = self.thumbnail(self._places[picture.name])
        if not path.exists():
            data = encode_jpeg(thumbnail(rgb, _THUMBNAIL_SIDE), _THUMBNAIL_QUALITY)
            with suppress(OSError):  # no room, or the visitor has left: the strip does without
                path.write_bytes(data)


def without_masks(answer: BatchAnswer) -> BatchAnswer:
    """The answer without its masks where they take much memory, else the answer itself."""
    prediction = answer.prediction
    if prediction.result.size_bytes <= _HEAVY_BYTES:
        return answer
    task = tasks.find(answer.spec.task)
    found = task.detections(prediction.result)
    if found is None or found.masks is None:
        return answer
    light = task.with_detections(prediction.result, replace(found, masks=None))
    return replace(answer, prediction=replace(prediction, result=light))
