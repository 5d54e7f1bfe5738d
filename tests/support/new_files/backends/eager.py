"""PyTorch on the CPU without packed convolutions, preferred over the back end with them."""

import torch

from demo.backends.torch_runner import TorchRunner, set_torch_threads
from demo.models.spec import ModelSpec, WeightsFile


class _Eager:
    name = "eager"
    order = 50

    def supports(self, spec: ModelSpec, device: str) -> bool:
        return device == "cpu" and spec.task == "classify"

    def load(self, spec: ModelSpec, file: WeightsFile) -> TorchRunner:
        return TorchRunner(spec, file, torch.device("cpu"))

    def set_threads(self, count: int) -> None:
        set_torch_threads(count)


BACKEND = _Eager()
