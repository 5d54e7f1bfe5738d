"""The previews as a Python script: torchvision.transforms.v2 with the sampled parameters."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

from demo.augment.pipeline import WORKING_SIDE, Pipeline, SampledStep, specs

_HEAD = '''\
"""Makes the previews of seed {seed} again: python previews.py picture.jpg folder

Needs torch 2.11, torchvision 0.26 and Pillow 12, and pillow-heif for HEIC. The previews are made
from a copy with a longest side of at most {side} pixels.
"""

{reader}

import sys

import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

torch.set_num_threads(1)  # the last bit of a sum depends on the number of threads


def read(path):
    """The file as 3×H×W uint8 sRGB, longest side ≤ {side}."""
    picture = F.pil_to_tensor(read_photo(path))
    height, width = picture.shape[-2:]
    scale = min(1.0, {side} / max(width, height))
    return F.resize(picture, [max(1, round(height * scale)), max(1, round(width * scale))])
'''

_PREVIEW = """

def preview_{number}(picture):
{body}
    return picture
"""

_TAIL = """

picture = read(sys.argv[1])
folder = Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for preview in ({names}):
    F.to_pil_image(preview(picture)).save(folder / f"{{preview.__name__}}.png")

# For training: the same transforms in the same ranges, drawn anew for every picture.
height, width = picture.shape[-2:]
training = v2.Compose([{recipe}])
"""


def script(pipeline: Pipeline, seed: int, sampled: Sequence[Sequence[SampledStep]]) -> str:
    """A Python script that writes the previews, pixel for pixel, and defines a training pipeline.

    The script reads one picture and writes `preview_1.png`, … into a folder; its `training` is
    the random `v2.Compose` of the same transforms.

    Args:
        pipeline: the transforms.
        seed: printed in the docstring of the script.
        sampled: the sampled parameters of every preview (`Preview.sampled`), in order.
    """
    head = _HEAD.format(seed=seed, side=WORKING_SIDE, reader=_reader())
    functions = (
        _PREVIEW.format(number=number, body=_body(steps)) for number, steps in enumerate(sampled, 1)
    )
    names = "".join(f"preview_{number}, " for number in range(1, len(sampled) + 1)).rstrip()
    recipes = [specs()[step.name].recipe(step.params) for step in pipeline.steps]
    recipe = "".join(f"\n    {one}," for one in recipes) + ("\n" if recipes else "v2.Identity()")
    return head + "".join(functions) + _TAIL.format(names=names, recipe=recipe)


def _reader() -> str:
    """The source of `script_reader`, without the docstring of the module."""
    source = Path(__file__).with_name("script_reader.py").read_text("utf-8")
    return source.partition('"""\n\n')[2].strip()


def _body(steps: Sequence[SampledStep]) -> str:
    statements = (specs()[step["name"]].code(step["values"]) for step in steps)
    return indent("\n".join(filter(None, statements)), "    ")
