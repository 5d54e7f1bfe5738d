"""Training of a detector from scratch with ultralytics' own trainer."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file

from demo.errors import DemoError
from demo.lab.data.boxed_photos import Photo, negative_photos, photos_of, write_layout
from demo.lab.data.folders import require_folder
from demo.lab.data.splits import is_test
from demo.lab.options import TrainOptions
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.detector_trainer import Trainer, trainer_class
from demo.lab.training.distillation import Teacher
from demo.lab.training.progress import Progress
from demo.lab.training.teacher_scores import best_scores
from demo.lab.training.weights_file import half_state

STATE = "state.safetensors"
"""File in the run's folder: the averaged network of the last epoch, in half precision."""

_REPORT_EVERY = 20
"""Steps between two reports of progress."""
_MIN_FOUND_SCORE = 0.4
"""Score of the teacher above which a label counts as found in a photo."""


def prepare_photos(
    recipe: DetectorRecipe, data: Path, options: TrainOptions, teacher: Teacher | None
) -> Path:
    """Write the recipe's photos in the trainer's layout under the run; the path of data.yaml."""
    photos = [photo for name in recipe.datasets for photo in photos_of(data, name)]
    photos += negative_photos(data, recipe.negatives, "train")
    if teacher:
        training = [photo for photo in photos if not photo.is_test]
        best = best_scores(teacher, training, recipe.imgsz, options.cache / "survey.json")
        photos = [photo for photo in photos if photo.is_test]
        for photo, scores in zip(training, best, strict=True):
            photos += [photo] * _repeats(recipe, photo, scores)
    return write_layout(photos, recipe.labels, options.run / "photos")


def _repeats(recipe: DetectorRecipe, photo: Photo, scores: list[float]) -> int:
    """How often a photo is shown in one epoch; a third of the photos without any label once.

    scores: the teacher's best probability for each label.
    """
    pairs = zip(recipe.labels, scores, strict=True)
    found = {label for label, score in pairs if score > _MIN_FOUND_SCORE} | set(photo.labels)
    if not found:
        return int(is_test(photo.path_in_set, 3))
    return max([1, *(times for label, times in recipe.repeats if label in found)])


def _new_arguments(recipe: DetectorRecipe, yaml: Path, options: TrainOptions) -> dict[str, object]:
    """Arguments of the trainer for a new run."""
    return {
        "model": recipe.architecture,
        "data": str(yaml),
        "epochs": options.epochs,
        "imgsz": recipe.imgsz,
        "batch": recipe.batch,
        "nbs": recipe.batch,
        "seed": recipe.seed,
        "project": str(options.run.resolve().parent),
        "name": options.run.name,
        "exist_ok": True,
        "pretrained": False,
        "amp": False,
        "plots": False,
        "val": False,
        "workers": 0,
        "device": options.device,
        **recipe.options,
    }


def _resume_arguments(last: Path, options: TrainOptions) -> dict[str, object]:
    """Arguments of the trainer that resume `last`; its number of epochs may be changed."""
    checkpoint = torch.load(last, map_location="cpu", weights_only=False)
    if checkpoint["train_args"]["epochs"] != options.epochs:
        checkpoint["train_args"]["epochs"] = options.epochs
        torch.save(checkpoint, last)
    return {"model": str(last), "resume": str(last), "device": options.device}


class _Stopped(Exception):
    """Raised inside the trainer to end it."""


class _Reporter:
    """Callbacks of the trainer: send progress from its thread, write the state of each epoch."""

    def __init__(self, run: Path, stop_requested: Callable[[], bool]) -> None:
        self.messages: queue.Queue[Progress | BaseException | None] = queue.Queue()
        self._run = run
        self._stop_requested = stop_requested
        self._step = 0
        self._start = time.monotonic()

    def attach(self, trainer: Trainer) -> None:
        trainer.add_callback("on_train_batch_end", self._on_batch)
        trainer.add_callback("on_train_epoch_end", self._on_epoch)
        trainer.add_callback("on_model_save", self._on_saved)

    def _on_batch(self, trainer: Trainer) -> None:
        if self._stop_requested():
            raise _Stopped
        self._step += 1
        if self._step % _REPORT_EVERY == 0:
            self._report(trainer)

    def _on_epoch(self, trainer: Trainer) -> None:
        state = half_state(trainer.ema.ema.state_dict())
        save_file(state, self._run / STATE, metadata={"epoch": str(trainer.epoch + 1)})

    def _on_saved(self, trainer: Trainer) -> None:
        self._step = len(trainer.train_loader)
        self._report(trainer)
        self._step = 0

    def _report(self, trainer: Trainer) -> None:
        losses = {key.removeprefix("train/"): float(v) for key, v in trainer.tloss.items()}
        position = trainer.epoch + 1, trainer.epochs, self._step, len(trainer.train_loader)
        seconds = time.monotonic() - self._start
        self.messages.put(Progress(*position, sum(losses.values()), seconds, losses))


def train_detector(recipe: DetectorRecipe, options: TrainOptions) -> Iterator[Progress]:
    """Train a network; yields progress every 20 steps and at the end of each epoch.

    The run's `STATE` holds the running average of the weights, unfused, with the keys of
    ultralytics' DetectionModel, float16. Closing the generator ends the training after its step.

    Raises:
        DemoError: the data are missing, or the run that this recipe starts from.
    """
    trainer_type, arguments = _set_up(recipe, options)
    closed = threading.Event()
    reporter = _Reporter(options.run, lambda: closed.is_set() or options.stop_requested())

    def work() -> None:
        torch.set_num_threads(options.threads)
        try:
            trainer = trainer_type(overrides=arguments)
            trainer.add_callback("on_train_start", trainer_type.set_loss)
            reporter.attach(trainer)
            trainer.train()
            reporter.messages.put(None)
        except _Stopped:
            reporter.messages.put(None)
        except BaseException as problem:  # noqa: BLE001 - it is raised again by the reader below
            reporter.messages.put(problem)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        while (message := reporter.messages.get()) is not None:
            if isinstance(message, BaseException):
                raise message
            yield message
    finally:
        closed.set()
        worker.join()


def _set_up(
    recipe: DetectorRecipe, options: TrainOptions
) -> tuple[type[Trainer], dict[str, object]]:
    """Lay the photos out; the trainer's class and its arguments."""
    data = require_folder(options.data, ", ".join(recipe.datasets))
    teacher = None
    if recipe.teacher:
        weights = data / recipe.teacher
        teacher = Teacher(weights, recipe.teacher_architecture, recipe.labels, options.device)
    start = options.run.parent / recipe.start / STATE if recipe.start else None
    if start and not start.is_file():
        raise DemoError("lab_run_missing", name=recipe.start)
    yaml = prepare_photos(recipe, data, options, teacher)
    if options.resume:
        arguments = _resume_arguments(options.run / "weights" / "last.pt", options)
    else:
        arguments = _new_arguments(recipe, yaml, options)
    return trainer_class(recipe, teacher, start), arguments
