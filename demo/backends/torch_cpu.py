"""PyTorch on the CPU, with the weights of convolutions laid out for oneDNN."""

from demo.backends.torch_runner import TorchRunner, set_torch_threads
from demo.models.spec import ModelSpec, WeightsFile


class TorchCpu:
    """float32; the reference for the answers of every other back end of the CPU."""

    name = "torch-cpu"
    order = 100

    def supports(self, spec: ModelSpec, device: str) -> bool:
        """Every network of torch, on the CPU."""
        return device == "cpu" and spec.runtime == "torch"

    def load(self, spec: ModelSpec, file: WeightsFile) -> TorchRunner:
        """The network with packed convolutions, where the model profits and this torch can."""
        import torch

        from demo.models.networks.packed_conv import is_supported, pack_convolutions

        packs = spec.packs_convolutions and is_supported()
        pack = pack_convolutions if packs else None
        return TorchRunner(spec, file, torch.device("cpu"), pack)

    def set_threads(self, count: int) -> None:
        """Set torch's threads for the calling thread."""
        set_torch_threads(count)


BACKEND = TorchCpu()
