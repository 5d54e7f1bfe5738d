"""The layers of a network that give maps over the picture: by one pass, or by their kind."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


_STRIDES = (16, 32)
_SIDE = 128
"""Side of the picture for the pass, pixels: enough for 4 × 4 cells of the largest stride."""


def ultralytics_layers(network: "nn.Module", prefix: str = "") -> tuple[str, ...]:
    """`ModelSpec.cam_layers`: the backbone's last maps of strides 16 and 32.

    Args:
        network: a model of ultralytics, with its weights on the CPU, in evaluation mode.
        prefix: of the names.
    """
    import torch

    description: Mapping[str, Sequence[object]] = vars(network)["yaml"]
    names = [f"model.{number}" for number in range(len(description["backbone"]))]
    shapes = _shapes(network, names, torch.zeros(1, 3, _SIDE, _SIDE))
    found = []
    for stride in _STRIDES:
        sides = (_SIDE // stride, _SIDE // stride)
        fitting = [name for name in names if shapes.get(name, ())[2:] == sides]
        found += [prefix + name for name in fitting[-1:]]
    return tuple(found)


def timm_layers(network: "nn.Module", side: int) -> tuple[str, ...]:
    """`ModelSpec.cam_layers` of a network of timm: its last maps, if they are N×C×h×w.

    Args:
        network: on the meta device, so that the pass computes shapes alone, in evaluation mode.
        side: of the input, pixels.
    """
    import torch

    facts = getattr(network, "feature_info", None) or [{}]
    name, channels = facts[-1].get("module", ""), facts[-1].get("num_chs")
    if name not in dict(network.named_modules()):
        return ()
    try:
        inputs = torch.empty(1, 3, side, side, device="meta")
        shape = _shapes(network, [name], inputs).get(name, ())
    except RuntimeError:
        # Its pass depends on values, which this device does not have.
        return ()
    # Others give tokens or N×h×w×C.
    maps = len(shape) == 4 and shape[1] == channels and shape[2] == shape[3] > 1
    return (name,) if maps else ()


def timm_attention(network: "nn.Module") -> tuple[str, ...]:
    """`ModelSpec.attention_layers` of a network of timm: those of a vision transformer.

    None where another class than timm's plain ViT or DeiT mixes the tokens in other ways as well,
    or where the answer comes from neither the class token nor the mean of the patches.
    """
    from timm.layers.attention import Attention
    from timm.models.deit import VisionTransformerDistilled
    from timm.models.vision_transformer import VisionTransformer

    if type(network) not in (VisionTransformer, VisionTransformerDistilled):
        return ()
    plain: VisionTransformer = network
    rows, columns = plain.patch_embed.grid_size or (0, 1)
    if plain.global_pool not in ("token", "avg") or rows != columns:
        return ()
    names = tuple(f"blocks.{number}.attn" for number in range(len(plain.blocks)))
    layers = dict(plain.named_modules())
    return names if all(isinstance(layers.get(name), Attention) for name in names) else ()


def _shapes(
    network: "nn.Module", names: Sequence[str], inputs: "Tensor"
) -> dict[str, tuple[int, ...]]:
    """The shapes of what these modules give in a pass; () for what is no tensor."""
    import torch
    from torch import Tensor

    found: dict[str, tuple[int, ...]] = {}

    def keep(name: str, module: "nn.Module", values: object, output: object) -> None:
        found[name] = tuple(output.shape) if isinstance(output, Tensor) else ()

    with torch.no_grad(), ExitStack() as hooks:
        for name in names:
            layer = network.get_submodule(name)
            hooks.callback(layer.register_forward_hook(partial(keep, name)).remove)
        network(inputs)
    return found
