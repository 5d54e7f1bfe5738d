"""Training of a generator against a discriminator: one plain loop that resumes bit for bit.

Radford, Metz and Chintala 2016, arXiv:1511.06434, with the non-saturating loss of Goodfellow et
al. 2014, arXiv:1406.2661. The published network is the moving average of the generator's weights,
which draws better pictures than the weights of a single step (Yazıcı et al. 2019,
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

from demo.lab.options import TrainOptions
from demo.lab.recipe import GeneratorRecipe
from demo.lab.training.batches import mirror_half
from demo.lab.training.checkpoints import Parts, restore_checkpoint, save_checkpoint
from demo.lab.training.progress import Progress
from demo.models.networks.gan import NOISE, Discriminator, Generator, noise_of, to_pictures

_REPORT_EVERY = 50
"""Steps between two reports of progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Gan:
    """Generator, discriminator, moving average of the generator, and an optimizer for each."""

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer

    @classmethod
    def new(cls, recipe: GeneratorRecipe, device: str = "cpu") -> "Gan":
        """Networks with random weights from the recipe's seed, channels last."""
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
        """Write the checkpoint after `epoch` whole epochs."""
        save_checkpoint(run, self._parts(), epoch)

    def restore(self, run: Path) -> int:
        """Load the last checkpoint; the number of finished epochs, 0 where there is none."""
        return restore_checkpoint(run, self._parts())

    def _parts(self) -> Parts:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "average": self.average,
            "of_generator": self.generator_optimizer,
            "of_discriminator": self.discriminator_optimizer,
        }


def train_generator(
    recipe: GeneratorRecipe, images: NDArray[np.uint8], options: TrainOptions
) -> Iterator[Progress]:
    """Train on N×32×32×3 uint8 RGB; yields progress every 50 steps and at the end of each epoch.

    Its loss is the generator's; the discriminator's is among the scores. Both are means of the
    epoch so far. Every epoch starts from its own seed and ends in a checkpoint, so a run that was
    interrupted and resumed ends in the same bits (same machine, same number of threads). The
    random numbers come from torch's global generator: draw none between two steps of this
    generator.
    """
    gan = Gan.new(recipe, options.device)
    first = gan.restore(options.run) if options.resume else 0
    start = time.monotonic()
    steps, epochs = len(images) // recipe.batch, options.epochs
    for epoch in range(first, epochs):
        total = np.zeros(2)
        for step, losses in enumerate(_epoch(recipe, gan, images, epoch, options.device), 1):
            total += losses
            if step == steps:
                gan.save(options.run, epoch + 1)
            if step % _REPORT_EVERY == 0 or step == steps:
                loss, scores = float(total[0] / step), {"discriminator": float(total[1] / step)}
                seconds = time.monotonic() - start
                yield Progress(epoch + 1, epochs, step, steps, loss, seconds, scores)
            if options.stop_requested():
                return


def _epoch(
    recipe: GeneratorRecipe, gan: Gan, images: NDArray[np.uint8], epoch: int, device: str
) -> Iterator[tuple[float, float]]:
    """Train on all pictures once; yields the generator's and discriminator's loss of each step.

    Only whole batches: the statistics of batch norm would be off in a small last one.
    """
    torch.manual_seed(recipe.seed * 100_003 + epoch)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    order = torch.randperm(len(images))[: len(images) // recipe.batch * recipe.batch]
    for chosen in torch.split(order, recipe.batch):
        real = scale_pixels(mirror_half(pixels[chosen])).to(device)
        noise = torch.randn(len(chosen), NOISE).to(device)
        # bfloat16 halves the time on a CPU that has it; the weights stay float32.
        with torch.autocast(device, torch.bfloat16):
            fake = gan.generator(noise)
        discriminator_loss = _train_discriminator(recipe, gan, real, fake.detach())
        generator_loss = _train_generator(gan, fake)
        update_average(gan.average, gan.generator, recipe.average)
        yield generator_loss, discriminator_loss


def _train_discriminator(recipe: GeneratorRecipe, gan: Gan, real: Tensor, fake: Tensor) -> float:
    """One step towards 1 for real pictures and 0 for generated ones; its loss.

    Real ones only up to `real_target`: one-sided label smoothing (Salimans et al. 2016).
    """
    with torch.autocast(fake.device.type, torch.bfloat16):
        real_logits, fake_logits = gan.discriminator(real), gan.discriminator(fake)
    targets = torch.full_like(real_logits, recipe.real_target, dtype=torch.float32)
    loss = F.binary_cross_entropy_with_logits(real_logits.float(), targets)
    loss = loss + F.softplus(fake_logits.float()).mean()
    return _step(gan.discriminator_optimizer, loss)


def _train_generator(gan: Gan, fake: Tensor) -> float:
    """One step towards pictures that the discriminator takes for real; its loss."""
    # Without gradients of the discriminator's weights, which this step does not change.
    gan.discriminator.requires_grad_(False)
    with torch.autocast(fake.device.type, torch.bfloat16):
        logits = gan.discriminator(fake)
    loss = _step(gan.generator_optimizer, F.softplus(-logits.float()).mean())
    gan.discriminator.requires_grad_(True)
    return loss


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.item()


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move every parameter of `average` by the share 1 − decay towards that of `network`."""
    pairs = zip(average.parameters(), network.parameters(), strict=True)
    for slow, fast in pairs:
        slow.lerp_(fast, 1 - decay)


def scale_pixels(pixels: Tensor) -> Tensor:
    """N×3×H×W uint8 → float32 from −1 (0) to 1 (255), channels last."""
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def update_batch_norms(generator: nn.Module, seed: int, batches: int = 100) -> None:
    """Recompute the statistics of its batch norms over batches of 256 drawn from `seed`.

    Averaged weights have other statistics than the weights of the steps that they are averaged
    over (Izmailov et al. 2018, arXiv:1803.05407). Leaves the network in evaluation mode.
    """
    torch.optim.swa_utils.update_bn(torch.split(noise_of(seed, 256 * batches), 256), generator)
    generator.eval()


@torch.inference_mode()
def generate(generator: nn.Module, count: int, seed: int, batch: int = 500) -> NDArray[np.uint8]:
    """`count` pictures from `seed`, count×32×32×3 uint8 RGB; a smaller count gives the first ones.

    The generator has to be in evaluation mode, so that no picture depends on its neighbours.
    """
    parts = torch.split(noise_of(seed, count), batch)
    return np.concatenate([to_pictures(generator(noise)) for noise in parts])
