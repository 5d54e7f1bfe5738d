"""Training a detector from scratch with ultralytics' own trainer."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from demo.errors import DemoError
from demo.lab.data.boxed_photos import Photo, negative_photos, photos_of, write_layout
from demo.lab.data.splits import is_test
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.distillation import Teacher, criterion, survey
from demo.lab.training.progress import Progress
from demo.models import ultralytics

STATE = "state.safetensors"
"""The averaged network of the last finished epoch, in half precision, inside the run's folder."""


def prepare(recipe: DetectorRecipe, data: Path, run: Path, teacher: Teacher | None) -> Path:
    """Lay the recipe's photos out for the trainer under `run`; returns the path of data.yaml."""
    photos = [photo for name in recipe.datasets for photo in photos_of(data, name)]
    photos += negative_photos(data, recipe.negatives, "train")
    if teacher:
        shown = [photo for photo in photos if not photo.test]
        best = survey(teacher, shown, recipe.imgsz, run.parent / "cache" / "survey.json")
        photos = [photo for photo in photos if photo.test]
        for photo, row in zip(shown, best, strict=True):
            photos += [photo] * _times(recipe, photo, row)
    return write_layout(photos, recipe.labels, run / "photos")


def _times(recipe: DetectorRecipe, photo: Photo, best: list[float]) -> int:
    """How often a photo is shown in one epoch; one in which nobody sees anything, in every third.

    best: the teacher's best probability for each label.
    """
    sure = {label for label, score in zip(recipe.labels, best, strict=True) if score > 0.4}
    sure |= set(photo.labels)
    if not sure:
        return int(is_test(photo.inside, 3))
    return max([1, *(times for label, times in recipe.repeats if label in sure)])


def _trainer_class(recipe: DetectorRecipe, teacher: Teacher | None, start: Path | None) -> Any:
    ultralytics.tasks()
    from ultralytics.models.yolo.detect import DetectionTrainer

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        """Ultralytics' trainer with pixels channels-last (1.5 × on a CPU) and growing pictures."""

        def setup_model(self) -> Any:
            checkpoint = super().setup_model()
            self.model: Any = self.model.to(memory_format=torch.channels_last)
            if start and not self.resume:
                _take(self.model, load_file(start))
            return checkpoint

        def teach(self) -> None:
            """Set the loss, after the trainer has copied the network for its running average."""
            self.model.criterion = (
                criterion(self.model, teacher, recipe.labels)
                if teacher
                else self.model.init_criterion()
            )
            self.model.loss = self.mixed_loss

        def mixed_loss(self, batch: dict[str, Any], preds: Any = None) -> Any:
            """What DetectionModel.loss does, its forward pass in the recipe's precision."""
            with torch.autocast(
                self.device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"
            ):
                preds = self.model.forward(batch["img"])
            return self.model.criterion({k: _floats(v) for k, v in preds.items()}, batch)

        def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
            batch = super().preprocess_batch(batch)
            size = recipe.size_at(self.epoch, self.epochs)
            if self.model.training and size != batch["img"].shape[-1]:
                batch["img"] = torch.nn.functional.interpolate(
                    batch["img"], (size, size), mode="bilinear", antialias=True
                )
            batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            return batch

    return Trainer


def _floats(value: Any) -> Any:
    return [v.float() for v in value] if isinstance(value, list) else value.float()


def _take(model: Any, state: dict[str, torch.Tensor]) -> None:
    """Load every tensor of `state` whose name and shape fit: all but the layers of the classes."""
    mine = model.state_dict()
    fitting = {k: v.float() for k, v in state.items() if k in mine and mine[k].shape == v.shape}
    model.load_state_dict(fitting, strict=False)


def _arguments(
    recipe: DetectorRecipe, yaml: Path, run: Path, epochs: int, device: str
) -> dict[str, Any]:
    return {
        "model": recipe.architecture,
        "data": str(yaml),
        "epochs": epochs,
        "imgsz": recipe.imgsz,
        "batch": recipe.batch,
        "nbs": recipe.batch,
        "seed": recipe.seed,
        "project": str(run.resolve().parent),
        "name": run.name,
        "exist_ok": True,
        "pretrained": False,
        "amp": False,
        "plots": False,
        "val": False,
        "workers": 0,
        "device": device,
        **recipe.options,
    }


def _continue(last: Path, epochs: int, device: str) -> dict[str, Any]:
    """Arguments that resume `last`; its number of epochs may be changed."""
    checkpoint = torch.load(last, map_location="cpu", weights_only=False)
    if checkpoint["train_args"]["epochs"] != epochs:
        checkpoint["train_args"]["epochs"] = epochs
        torch.save(checkpoint, last)
    return {"model": str(last), "resume": str(last), "device": device}


class _Stopped(Exception):
    """Nobody listens to the training any more."""


class _Reporter:
    """Callbacks of the trainer: they report from its thread and keep the state of each epoch."""

    def __init__(self, run: Path) -> None:
        self.messages: queue.Queue[Progress | BaseException | None] = queue.Queue()
        self.unheard = threading.Event()
        self._run = run
        self._step = 0
        self._start = time.monotonic()

    def on_batch(self, trainer: Any) -> None:
        if self.unheard.is_set():
            raise _Stopped
        self._step += 1
        if self._step % 20 == 0:
            self._tell(trainer)

    def on_epoch(self, trainer: Any) -> None:
        state = half_state(trainer.ema.ema.state_dict())
        save_file(state, self._run / STATE, metadata={"epoch": str(trainer.epoch + 1)})

    def on_saved(self, trainer: Any) -> None:
        self._step = len(trainer.train_loader)
        self._tell(trainer)
        self._step = 0

    def _tell(self, trainer: Any) -> None:
        losses = {key.removeprefix("train/"): float(v) for key, v in trainer.tloss.items()}
        place = trainer.epoch + 1, trainer.epochs, self._step, len(trainer.train_loader)
        spent = time.monotonic() - self._start
        self.messages.put(Progress(*place, sum(losses.values()), spent, losses))


def train_detector(
    recipe: DetectorRecipe,
    data: Path,
    run: Path,
    epochs: int,
    resume: bool,
    threads: int,
    device: str = "cpu",
) -> Iterator[Progress]:
    """Train under `run`, a sign of life every 20 steps; the network stands in `run` / STATE.

    The state is that of the running average of the weights, unfused, with the keys of
    ultralytics' DetectionModel, float16. Closing the generator ends the training after its step.
    """
    trainer_class, arguments = _set_up(recipe, data, run, epochs, resume, device)
    reporter = _Reporter(run)

    def work() -> None:
        torch.set_num_threads(threads)
        try:
            trainer = trainer_class(overrides=arguments)
            trainer.add_callback("on_train_start", trainer_class.teach)
            trainer.add_callback("on_train_batch_end", reporter.on_batch)
            trainer.add_callback("on_train_epoch_end", reporter.on_epoch)
            trainer.add_callback("on_model_save", reporter.on_saved)
            trainer.train()
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
        reporter.unheard.set()
        worker.join()


def _set_up(
    recipe: DetectorRecipe, data: Path, run: Path, epochs: int, resume: bool, device: str
) -> tuple[Any, dict[str, Any]]:
    """The trainer's class with its teacher and start, and its arguments; the photos laid out."""
    teacher = None
    if recipe.teacher:
        teacher = Teacher(data / recipe.teacher, recipe.teacher_architecture, recipe.labels, device)
    start = run.parent / recipe.start / STATE if recipe.start else None
    if start and not start.is_file():
        raise DemoError("lab_run_missing", name=recipe.start)
    yaml = prepare(recipe, data, run, teacher)
    last = run / "weights" / "last.pt"
    trainer_class = _trainer_class(recipe, teacher, start)
    if resume:
        arguments = _continue(last, epochs, device)
    else:
        arguments = _arguments(recipe, yaml, run, epochs, device)
    return trainer_class, arguments


def half_state(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A contiguous copy for safetensors, floating point as float16, whole numbers as they are."""
    return {
        key: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for key, value in state.items()
    }
