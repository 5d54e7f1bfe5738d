"""PyTorch on an NVIDIA GPU."""

from demo.backends.torch_runner import TorchRunner, set_torch_threads
from demo.models.spec import ModelSpec, WeightsFile


class TorchCuda:
    """float32, channels last."""

    name = "torch-cuda"
    order = 100

    def supports(self, spec: ModelSpec, device: str) -> bool:
        """Every network of torch, where there is a GPU."""
        return device == "cuda" and spec.runtime == "torch"

    def load(self, spec: ModelSpec, file: WeightsFile) -> TorchRunner:
        """The network on the GPU."""
        import torch

        return TorchRunner(spec, file, torch.device("cuda"))

    def set_threads(self, count: int) -> None:
        """Set torch's CPU threads for the calling thread, once torch is there."""
        set_torch_threads(count)


BACKEND = TorchCuda()
