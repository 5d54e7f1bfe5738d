"""Training a generator against a discriminator: one plain loop, resumed exactly where it stopped.

Radford, Metz and Chintala 2016, arXiv:1511.06434, with the non-saturating loss of Goodfellow et
al. 2014, arXiv:1406.2661. What is kept for use is the moving average of the generator's weights,
which draws steadier pictures than the weights of any one step (Yazıcı et al. 2019,
arXiv:1806.04498).
"""

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from demo.lab.generator_recipe import GeneratorRecipe
from demo.lab.training.classifier import CHECKPOINT
from demo.lab.training.progress import Progress
from demo.models.networks.gan import NOISE, Discriminator, Generator, noise_of, to_pictures


@dataclass(frozen=True, slots=True, eq=False)
class Rivals:
    """The two networks, the generator's moving average, and an optimizer for each."""

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module
    of_generator: torch.optim.Optimizer
    of_discriminator: torch.optim.Optimizer

    @classmethod
    def new(cls, recipe: GeneratorRecipe, device: str = "cpu") -> "Rivals":
        """Fresh networks from the recipe's seed, channels last."""
        torch.manual_seed(recipe.seed)
        generator, discriminator = (
            network(recipe.width).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            for network in (Generator, Discriminator)
        )
        average = deepcopy(generator).requires_grad_(False)
        optimizers = (
            torch.optim.Adam(network.parameters(), recipe.lr, recipe.betas)
            for network in (generator, discriminator)
        )
        return cls(generator, discriminator, average, *optimizers)

    def save(self, run: Path, epoch: int) -> None:
        """Write the state after `epoch` whole epochs; a reader never sees half a file."""
        run.mkdir(parents=True, exist_ok=True)
        state = {name: part.state_dict() for name, part in self._parts()}
        torch.save(state | {"epoch": epoch}, run / f"{CHECKPOINT}.part")
        (run / f"{CHECKPOINT}.part").replace(run / CHECKPOINT)

    def load(self, run: Path) -> int:
        """Restore the last checkpoint; the number of finished epochs, 0 where there is none."""
        if not (run / CHECKPOINT).is_file():
            return 0
        state = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
        for name, part in self._parts():
            part.load_state_dict(state[name])
        return int(state["epoch"])

    def _parts(self) -> list[tuple[str, nn.Module | torch.optim.Optimizer]]:
        return [(name, getattr(self, name)) for name in self.__slots__]


def train_generator(
    recipe: GeneratorRecipe,
    images: NDArray[np.uint8],
    run: Path,
    epochs: int,
    resume: bool = False,
    device: str = "cpu",
) -> Iterator[Progress]:
    """Train under `run` on N×32×32×3 uint8 RGB; a sign of life every 50 steps and each epoch.

    The loss told is the generator's, beside it the discriminator's, both means of the epoch so
    far. device: cpu or cuda. Every epoch starts from its own seed and ends in a checkpoint, so a
    run that was interrupted and resumed ends in the same bits (same machine, same number of
    threads). The random numbers come from torch's global generator: draw none between two steps
    of this one.
    """
    rivals = Rivals.new(recipe, device)
    first = rivals.load(run) if resume else 0
    start = time.monotonic()
    steps = len(images) // recipe.batch
    for epoch in range(first, epochs):
        total = np.zeros(2)
        for step, losses in enumerate(_epoch(recipe, rivals, images, epoch, device), 1):
            total += losses
            if step == steps:
                rivals.save(run, epoch + 1)
            if step % 50 == 0 or step == steps:
                mean, scores = float(total[0] / step), {"discriminator": float(total[1] / step)}
                spent = time.monotonic() - start
                yield Progress(epoch + 1, epochs, step, steps, mean, spent, scores)


def _epoch(
    recipe: GeneratorRecipe, rivals: Rivals, images: NDArray[np.uint8], epoch: int, device: str
) -> Iterator[tuple[float, float]]:
    """One pass over the pictures in an order of its own; the two losses of each step.

    Only whole batches: batch norm would see a different world in a small last one.
    """
    torch.manual_seed(recipe.seed * 100_003 + epoch)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    order = torch.randperm(len(images))[: len(images) // recipe.batch * recipe.batch]
    for chosen in torch.split(order, recipe.batch):
        real = as_input(mirror_half(pixels[chosen])).to(device)
        noise = torch.randn(len(chosen), NOISE).to(device)
        # bfloat16 halves the time on a CPU that has it; the weights stay float32.
        with torch.autocast(device, torch.bfloat16):
            made = rivals.generator(noise)
        sees = _teach_discriminator(recipe, rivals, real, made.detach())
        draws = _teach_generator(rivals, made)
        follow(rivals.average, rivals.generator, recipe.average)
        yield draws, sees


def _teach_discriminator(
    recipe: GeneratorRecipe, rivals: Rivals, real: Tensor, made: Tensor
) -> float:
    """One step towards 1 for real pictures and 0 for made ones; its loss.

    Real ones only up to `real_target`: one-sided label smoothing (Salimans et al. 2016).
    """
    with torch.autocast(made.device.type, torch.bfloat16):
        of_real, of_made = rivals.discriminator(real), rivals.discriminator(made)
    wanted = torch.full_like(of_real, recipe.real_target, dtype=torch.float32)
    loss = F.binary_cross_entropy_with_logits(of_real.float(), wanted)
    loss = loss + F.softplus(of_made.float()).mean()
    return _step(rivals.of_discriminator, loss)


def _teach_generator(rivals: Rivals, made: Tensor) -> float:
    """One step towards pictures that the discriminator takes for real; its loss."""
    # Its weights are not to move, so that their gradients need not be computed.
    rivals.discriminator.requires_grad_(False)
    with torch.autocast(made.device.type, torch.bfloat16):
        of_made = rivals.discriminator(made)
    loss = _step(rivals.of_generator, F.softplus(-of_made.float()).mean())
    rivals.discriminator.requires_grad_(True)
    return loss


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.item()


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """Move every parameter of `average` by the share 1 − keep towards that of `network`."""
    pairs = zip(average.parameters(), network.parameters(), strict=True)
    for slow, fast in pairs:
        slow.lerp_(fast, 1 - keep)


def mirror_half(pixels: Tensor) -> Tensor:
    """N×3×H×W → the same, each mirrored left to right with probability one half."""
    return torch.where(torch.rand(len(pixels), 1, 1, 1) < 0.5, pixels.flip(3), pixels)


def as_input(pixels: Tensor) -> Tensor:
    """N×3×H×W uint8 → float32 from −1 (0) to 1 (255), channels last."""
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def settle_norms(generator: nn.Module, seed: int, batches: int = 100) -> None:
    """Measure the statistics of its batch norms anew, over batches of 256 drawn from `seed`.

    Averaged weights give other statistics than the weights of any step that went into them
    (Izmailov et al. 2018, arXiv:1803.05407). Leaves it in evaluation mode.
    """
    torch.optim.swa_utils.update_bn(torch.split(noise_of(seed, 256 * batches), 256), generator)
    generator.eval()


@torch.inference_mode()
def draw(generator: nn.Module, count: int, seed: int, batch: int = 500) -> NDArray[np.uint8]:
    """`count` pictures from `seed`, count×32×32×3 uint8 RGB; a smaller count gives the first ones.

    The generator has to be in evaluation mode, so that no picture depends on its neighbours.
    """
    parts = torch.split(noise_of(seed, count), batch)
    return np.concatenate([to_pictures(generator(noise)) for noise in parts])
