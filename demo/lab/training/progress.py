"""Progress of a training, and the record that it leaves in its folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECORD = "run.json"
"""Record of a training in its folder: minutes, epochs, machine."""


@dataclass(frozen=True, slots=True)
class Progress:
    """State of a training at one moment; picklable.

    Args:
        epoch: running epoch, from 1. epochs: their total number.
        step, steps: finished steps of this epoch, and their total number.
        loss: mean of the epoch so far.
        seconds: since this training was started or resumed.
        scores: further values by name.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    seconds: float
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def ends_epoch(self) -> bool:
        """Whether the epoch is complete and its checkpoint is written."""
        return self.step >= self.steps

    def text(self) -> str:
        """One row for a terminal, with a bar of the whole training."""
        share = (self.epoch - 1 + self.step / self.steps) / self.epochs
        bar = "█" * round(20 * share) + "░" * (20 - round(20 * share))
        scores = "".join(f"  {name} {value:.4f}" for name, value in self.scores.items())
        position = f"epoch {self.epoch}/{self.epochs}  {self.step}/{self.steps}"
        return f"{bar} {position}  loss {self.loss:.4f}{scores}  {self.seconds:.0f} s"


class Record:
    """Writer of a training's `run.json`: minutes over all its parts, finished epochs, machine."""

    def __init__(self, run: Path, epochs: int, machine: str, resume: bool) -> None:
        self._file = run / RECORD
        self._machine = machine
        self._epochs = epochs
        self._minutes_before = 0.0
        if resume and self._file.is_file():
            self._minutes_before = json.loads(self._file.read_text("utf-8"))["minutes"]

    def note(self, progress: Progress) -> None:
        """Rewrite the file where `progress` ends an epoch."""
        if not progress.ends_epoch:
            return
        facts = {
            "minutes": self._minutes_before + progress.seconds / 60,
            "epochs": progress.epoch,
            "planned_epochs": self._epochs,
            "machine": self._machine,
        }
        self._file.write_text(json.dumps(facts) + "\n", "utf-8")
