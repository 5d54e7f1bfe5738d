"""What a training or an evaluation tells while it runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECORD = "run.json"
"""What a training notes about itself in its folder: minutes, epochs, machine."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One sign of life. epoch: from 1. step, steps: inside this epoch. seconds: of this call."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    seconds: float
    scores: Mapping[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """One line for a terminal, with a bar of the whole training."""
        done = (self.epoch - 1 + self.step / self.steps) / self.epochs
        bar = "█" * round(20 * done) + "░" * (20 - round(20 * done))
        scores = "".join(f"  {name} {value:.4f}" for name, value in self.scores.items())
        place = f"epoch {self.epoch}/{self.epochs}  {self.step}/{self.steps}"
        return f"{bar} {place}  loss {self.loss:.4f}{scores}  {self.seconds:.0f} s"


class Record:
    """Keeps `run.json` of a training: minutes over all its parts, finished epochs, machine."""

    def __init__(self, run: Path, epochs: int, machine: str, resume: bool) -> None:
        self._file = run / RECORD
        self._machine = machine
        self._epochs = epochs
        self._before = 0.0
        if resume and self._file.is_file():
            self._before = json.loads(self._file.read_text("utf-8"))["minutes"]

    def note(self, progress: Progress) -> None:
        """Write it anew at the end of an epoch."""
        if progress.step < progress.steps:
            return
        facts = {
            "minutes": self._before + progress.seconds / 60,
            "epochs": progress.epoch,
            "planned_epochs": self._epochs,
            "machine": self._machine,
        }
        self._file.write_text(json.dumps(facts) + "\n", "utf-8")
