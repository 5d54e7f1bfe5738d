"""Where and how one command of the lab works: a training, an evaluation or a publication."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How one training runs; picklable, so that it can be sent to another process.

    Args:
        run: folder of this training: checkpoints, `run.json`.
        epochs: total number of epochs.
        data: local folder of data sets, or None to download them from their official source.
        cache: folder of decoded data sets, shared by all runs.
        resume: continue after the last whole epoch in `run`.
        threads: CPU threads of torch.
        device: cpu or cuda.
        stop_requested: polled after each step; the training ends where it returns True.
    """

    run: Path
    epochs: int
    data: Path | None = None
    cache: Path = Path("runs/cache")
    resume: bool = False
    threads: int = 1
    device: str = "cpu"
    stop_requested: Callable[[], bool] = _never


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What published weights are measured on.

    Args:
        weights: folder of weight files and cards.
        dataset: name of the data set whose test part is used.
        data: local folder of data sets, or None to download them from their official source.
        cache: folder of decoded data sets.
        features: name of the classifier in `weights` whose features a generator is measured by;
            None for the one that its card states.
    """

    weights: Path
    dataset: str
    data: Path | None
    cache: Path
    features: str | None = None


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """Which finished run is published, and where to.

    Args:
        run: folder of the finished training.
        weights: folder that the weight file and its card are written to.
        data: local folder of data sets, or None to download them from their official source.
        cache: folder of decoded data sets.
    """

    run: Path
    weights: Path
    data: Path | None
    cache: Path
