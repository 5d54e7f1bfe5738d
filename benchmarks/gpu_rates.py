"""How fast a device is, from the bare network to whole requests; a CPU can be measured too."""

import copy
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.rest_client import RestClient
from demo.inference.engine import Engine
from demo.models.spec import ImageRequest
from demo.results import Image

PRECISIONS = {"float32": torch.float32, "float16": torch.float16}
CLIENTS = 32
"""Visitors by REST at once."""
_WARM = {"cuda": 3, "cpu": 1}
"""Device → passes before those that are measured: on a GPU cuDNN tries its algorithms first."""


@dataclass(frozen=True)
class ForwardRate:
    """Raw forward passes. memory_mb: the most that torch had allocated, weights included."""

    precision: str
    batch: int
    pictures_s: float
    memory_mb: float


def forward_rates(
    network: nn.Module,
    inputs: NDArray[np.float32],
    device: str,
    batches: Sequence[int],
    seconds: float,
) -> list[ForwardRate]:
    """Pictures a second of a network, channels last, without transfers.

    Args:
        network: on any device; it is left as it is.
        inputs: 1×3×h×w, repeated to each batch.
        device: `cuda` or `cpu`.
        batches: pictures in a pass.
        seconds: of each measurement.
    """
    found = []
    for precision, dtype in PRECISIONS.items():
        own = copy.deepcopy(network).eval().to(device, dtype)
        own = own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for batch in batches:
            pictures = torch.from_numpy(inputs).to(device, dtype).repeat(batch, 1, 1, 1)
            pictures = pictures.contiguous(memory_format=torch.channels_last)
            _reset_peak(device)
            rate = _passes_s(own, pictures, device, seconds) * batch
            found.append(ForwardRate(precision, batch, rate, peak_mb(device)))
    return found


@torch.inference_mode()
def _passes_s(network: nn.Module, pictures: torch.Tensor, device: str, seconds: float) -> float:
    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        for _ in range(_WARM[device]):
            network(pictures)
        _finish(device)
        passes, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            network(pictures)
            # Otherwise the host runs ahead of the device without an end.
            _finish(device)
            passes += 1
        return passes / (time.perf_counter() - start)


def engine_rate(engine: Engine, model: str, pictures: Sequence[Image], seconds: float) -> float:
    """Pictures a second of `run_many`, preprocessing and suppression included.

    pictures: given to it at once, again and again.
    """
    requests = [ImageRequest(picture) for picture in pictures]
    engine.run_many(model, requests)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        done += len(engine.run_many(model, requests))
    return done / (time.perf_counter() - start)


def rest_rate(url: str, model: str, files: Sequence[bytes], clients: int, seconds: float) -> float:
    """Answers a second of visitors at once; each has had one answer before."""

    def visit(visitor: RestClient, end: float) -> int:
        done = 0
        while time.perf_counter() < end:
            visitor.ask(files[done % len(files)])
            done += 1
        return done

    with ExitStack() as stack:
        visitors = [stack.enter_context(RestClient(url, model)) for _ in range(clients)]
        pool = stack.enter_context(ThreadPoolExecutor(clients))
        list(pool.map(lambda visitor: visitor.ask(files[0]), visitors))
        start = time.perf_counter()
        done = sum(pool.map(visit, visitors, repeat(start + seconds)))
        return done / (time.perf_counter() - start)


def used_mb(device: str) -> float:
    """Memory of the device that is in use by all processes, MB; of the machine for `cpu`."""
    if device == "cuda":
        free, whole = torch.cuda.mem_get_info()
        return (whole - free) / 1e6
    return float(psutil.virtual_memory().used / 1e6)


def peak_mb(device: str) -> float:
    """The most that torch has allocated since `_reset_peak`, MB; not known of a CPU."""
    return torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else float("nan")


def _reset_peak(device: str) -> None:
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()


def _finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
