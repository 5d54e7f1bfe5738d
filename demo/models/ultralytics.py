"""Access to ultralytics: imported late, with its side effects on the process undone."""

import os
import tempfile
import threading
from functools import cache
from typing import Any

import torch  # first: ultralytics limits the threads of a torch that is imported after it

from demo.errors import DemoError
from demo.models.checkpoint import (
    check_archive,
    check_tensors,
    floats,
    load_state,
    no_allocation,
)
from demo.models.spec import WeightsFile
from demo.system import is_out_of_memory

_SAFE = {
    "YOLO_AUTOINSTALL": "false",
    "YOLO_OFFLINE": "true",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SKIP_REQUIREMENTS_CHECKS": "1",
    "ULTRALYTICS_SAFE_LOAD": "true",
}
_lock = threading.Lock()


@cache
def _config_home() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="ultralytics-")


def tasks() -> Any:
    """The module `ultralytics.nn.tasks`.

    The first import replaces `PIL.Image.open`, switches OpenCV's threads off and limits the
    threads of child processes; all three are restored. Its settings folder is temporary and
    removed at exit. The environment keeps it from downloading, installing and sending anything.
    """
    with _lock:
        import cv2
        from PIL import Image

        opener, threads = Image.open, cv2.getNumThreads()
        omp = os.environ.get("OMP_NUM_THREADS")
        os.environ.update(_SAFE)
        if "YOLO_CONFIG_DIR" not in os.environ:
            os.environ["YOLO_CONFIG_DIR"] = _config_home().name
        try:
            from ultralytics.nn import tasks as loaded
        finally:
            Image.open = opener
            cv2.setNumThreads(threads)
            if omp is None:
                os.environ.pop("OMP_NUM_THREADS", None)
        return loaded


def build(architecture: str, classes: int) -> Any:
    """A DetectionModel of ultralytics' `<architecture>.yaml` with fresh weights."""
    return tasks().DetectionModel(f"{architecture}.yaml", nc=classes, verbose=False)


def detector_state(
    file: WeightsFile, labels: tuple[str, ...], model: str
) -> dict[str, torch.Tensor]:
    """The tensors of a detector: a safetensors state, or an ultralytics .pt checkpoint.

    A checkpoint is a pickled network; ultralytics' restricted loader instantiates known layer
    classes only, and of the network only the tensors are used. Raises DemoError where the file is
    corrupt, unsafe, or has other classes than `labels`, and MemoryError as `load_state` does.
    """
    if file.path.suffix == ".safetensors":
        return load_state(file)
    check_archive(file)
    name = file.path.name
    try:
        loader = tasks().torch_safe_load
        with no_allocation():
            checkpoint, _ = loader(str(file.path), safe_only=True)
        network = checkpoint.get("ema") or checkpoint["model"]
        state: dict[str, torch.Tensor] = dict(network.state_dict())
        names = tuple(dict(network.names).values())
    except (TypeError, ModuleNotFoundError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        key = "weights_unsafe" if "outside the supported" in str(error) else "weights_corrupt"
        raise DemoError(key, file=name) from None
    except OSError:
        raise DemoError("weights_unreadable", file=name) from None
    except (KeyError, AttributeError, ValueError, RuntimeError, EOFError) as error:
        if is_out_of_memory(error):
            raise
        raise DemoError("weights_corrupt", file=name) from None
    if names != labels:
        raise DemoError("weights_do_not_fit", file=name, name=model)
    check_tensors(state.values(), file)
    return floats(state)
