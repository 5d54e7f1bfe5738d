"""What explanations need of each family: layers that give maps, and the target's output."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from demo.errors import DemoError
from demo.explain.explanation import asked
from demo.explain.layers import site
from demo.geometry.boxes import iou
from demo.inference.catalog import Catalog
from demo.models import bundled, coco_segment, imagenet
from demo.models.carded_classifier import CAM_LAYERS
from demo.models.efficientnet_scales import SCALES
from demo.models.networks.classifiers import NETWORKS
from demo.models.networks.efficientnet_lite import EfficientNetLite, fold_norms
from demo.models.networks.lite_detector import LiteDetector
from demo.models.networks.segment_head import UndecodedSegmentHead
from demo.models.networks.yolo_head import UndecodedHead
from demo.models.own import architectures
from demo.models.own.base import read_model
from demo.models.spec import ImageRequest, WeightsFile
from demo.models.target import Explainable, Target
from demo.models.ultralytics import build, undecoded
from demo.models.yolo import CAM_LAYERS as YOLO_LAYERS
from demo.models.yolo import LITE_CAM_LAYERS, Yolo
from demo.results import Detections
from demo.settings import Settings
from tests.support.checkpoints import network, save

SMALLEST = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3"),
    *("maxvit_t", "mnasnet0_5", "mobilenet_v3_small", "regnet_x_400mf", "resnet18"),
    *("resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11"),
    "wide_resnet50_2",
)
"""One of each family of torchvision that has maps."""


YOLOS = ("yolov8n", "yolo11n", "yolo26n")
SEGMENTERS = {
    spec.name: spec.cam_layers for spec in coco_segment.SPECS if spec.name.endswith("n-seg")
}


def own(name: str) -> nn.Module:
    return NETWORKS[name]().eval()


def lite(size: str) -> nn.Module:
    network = EfficientNetLite(size).eval()
    fold_norms(network)
    return network


def detector() -> nn.Module:
    network = LiteDetector(2).fused()
    network.detect = UndecodedHead(network.detect, False)
    return network


def yolo(name: str) -> nn.Module:
    network = build(name, 2).eval().fuse(verbose=False)
    network.model[-1] = UndecodedHead(network.model[-1], False)
    module: nn.Module = network
    return module


def torchvision(name: str) -> nn.Module:
    spec = next(one for one in imagenet.specs() if one.name == name)
    network = imagenet.build(name, spec.input_size, 10)
    if next(network.parameters()).is_meta:
        network = network.to_empty(device="cpu")
        torch.manual_seed(0)
        for parameter in network.parameters():
            nn.init.normal_(parameter, 0, 0.05)
        for kept in network.buffers():
            kept.data.fill_(1)
    return network.eval()


def segmenter(name: str) -> nn.Module:
    network: nn.Module = undecoded(build(name, 2, "SegmentationModel"), False, UndecodedSegmentHead)
    return network


def side_of(name: str) -> int:
    return next(one.input_size for one in imagenet.specs() if one.name == name)


CASES: dict[str, tuple[Callable[[], nn.Module], int, tuple[str, ...]]] = {
    **{
        name: (partial(own, name), 160 if "photo" in name else 32, layers)
        for name, layers in CAM_LAYERS.items()
    },
    **{f"efficientnet_{size}": (partial(lite, size), SCALES[size].side, ()) for size in SCALES},
    "lite-detector": (detector, 128, LITE_CAM_LAYERS),
    **{name: (partial(yolo, name), 128, YOLO_LAYERS) for name in YOLOS},
    **{name: (partial(segmenter, name), 128, layers) for name, layers in SEGMENTERS.items()},
    **{name: (partial(torchvision, name), 0, imagenet.cam_layers(name)) for name in SMALLEST},
}


@pytest.mark.parametrize("name", CASES)
def test_the_layers_of_a_family_give_maps_with_gradients(name: str) -> None:
    make, side, layers = CASES[name]
    side = side or side_of(name)
    if not layers:
        catalog = Catalog(Settings(cache_dir=Path("/nonexistent"), offline=True))
        layers = catalog.spec(name).cam_layers
    assert layers
    assert_maps(make(), layers, side)


def assert_maps(network: nn.Module, layers: Sequence[str], side: int) -> list[int]:
    """Each layer runs once in a pass and gives maps with gradients; returns their sides."""
    inputs, sides = torch.rand(1, 3, side, side), []
    for layer in layers:
        at = site(network, layer, inputs)
        kept: list[Tensor] = []
        hook = at.layer.register_forward_hook(lambda _, __, out, kept=kept: kept.append(out))
        outputs = at.network(at.inputs)
        output = outputs[0] if isinstance(outputs, tuple) else outputs
        hook.remove()
        assert len(kept) == 1, "it runs once in a pass"
        batch, channels, height, width = kept[0].shape
        assert batch == len(at.inputs)
        assert channels >= 8
        assert 2 <= height == width <= side // 2
        [slope] = torch.autograd.grad(output.square().sum(), kept[0])
        assert torch.isfinite(slope).all()
        assert slope.abs().max() > 0
        sides.append(int(height))
    return sides


@pytest.mark.parametrize("name", sorted(architectures.known()))
def test_every_architecture_has_maps_or_attention(name: str) -> None:
    """Of a pass that computes shapes alone."""
    kind = architectures.known()[name]
    assert bool(kind.cam_layers) != bool(kind.attention_layers)
    network = kind.build(10, kind.preset.crop).to("meta").eval()
    shapes: list[tuple[int, ...]] = []
    for layer in kind.cam_layers:
        network.get_submodule(layer).register_forward_hook(
            lambda _, __, output: shapes.append(tuple(output.shape))
        )
    for layer in kind.attention_layers:
        assert isinstance(network.get_submodule(layer), nn.MultiheadAttention)
    network(torch.empty(1, 3, kind.preset.crop, kind.preset.crop, device="meta"))
    # A mirrored network runs each layer twice.
    assert len(shapes) >= len(kind.cam_layers)
    for _, channels, height, width in shapes:
        assert channels >= 8
        assert height == width > 1


TIMMS = (
    *("convnext_atto", "densenetblur121d", "mixnet_s", "ghostnet_050", "regnety_002"),
    *("mobilenetv3_small_050", "repvit_m0_9", "resnest14d", "resnet26", "rexnet_100"),
)


@pytest.mark.parametrize("name", TIMMS)
def test_the_maps_of_timms_networks_have_gradients(name: str) -> None:
    kind = architectures.find(name)
    assert kind is not None
    assert len(kind.cam_layers) == 1
    torch.manual_seed(0)
    assert_maps(kind.build(10, 96).eval(), kind.cam_layers, 96)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
def test_networks_of_timm_without_such_maps_refuse_with_a_sentence(name: str) -> None:
    """Their blocks give tokens, or N×h×w×C."""
    kind = architectures.find(name)
    assert kind is not None
    assert kind.cam_layers == ()
    spec = replace(imagenet.specs()[0], name=name, cam_layers=(), attention_layers=())
    with pytest.raises(DemoError) as raised:
        asked(spec, "layer-cam", Target(0))
    assert raised.value.key == "explain_no_maps"
    assert asked(spec, "occlusion", Target(0)).method.name == "occlusion"


@pytest.mark.parametrize(
    "name",
    [
        *("yolov3-tiny", "yolov5n", "yolov6n", "yolov8n", "yolov9t", "yolov10n", "yolo11n"),
        *("yolo12n", "yolo26n", "yolov8n-cls", "yolo11n-cls", "yolo26n-cls"),
        *("yolov8n-seg", "yolo11n-seg", "yolo26n-seg"),
    ],
)
def test_a_checkpoint_of_ultralytics_has_maps_of_two_strides(name: str, tmp_path: Path) -> None:
    file = save(network(name, ["cat", "dog"]), tmp_path / "best.pt", 128)
    spec = read_model(file, "best")
    assert isinstance(spec.family, Explainable)
    assert len(spec.cam_layers) == 2
    loaded = spec.network(WeightsFile(file, sha256=""))
    sides = assert_maps(loaded, spec.cam_layers, 128)
    assert sides == [128 // 16, 128 // 32]


def test_a_detector_without_a_score_for_each_class_refuses_with_a_sentence(tmp_path: Path) -> None:
    file = save(network("yolov8n-rtdetr", ["cat", "dog"]), tmp_path / "best.pt", 320)
    with pytest.raises(DemoError) as raised:
        asked(read_model(file, "best"), "", Target(0))
    assert raised.value.key == "explain_no_gradients"


def test_every_embedded_classifier_and_detector_can_be_explained() -> None:
    explained = [one for one in bundled.SPECS if one.task != "generate"]
    assert len(explained) >= 5
    for spec in explained:
        assert isinstance(spec.family, Explainable)
        assert spec.cam_layers, spec.name


def test_the_vision_transformers_have_no_such_maps() -> None:
    without = {one.name for one in imagenet.specs() if not one.cam_layers}
    assert without == {"vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32"}


def test_the_output_of_a_box_is_that_of_the_anchor_that_gave_it() -> None:
    """Each box of a random head leads back to a row whose score for its class is the box's."""
    family = Yolo("d", ("cat", "dog"), 128)
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    prepared = family.preprocess(ImageRequest(image))
    generator = np.random.default_rng(1)
    raw = np.zeros((1, 252, 4 * 16 + 2), np.float32)
    # One bin of each distance stands out: boxes of 2 to 4 cells, all different.
    raw[0, :, :64] = generator.normal(0, 0.3, (252, 64))
    raw[0, :, [1, 17, 33, 49]] += 6
    raw[:, :, -2:] = generator.normal(-1, 1, (1, 252, 2))
    found = family.postprocess((raw,), prepared)
    assert isinstance(found, Detections)
    checked, cut = 0, 0
    for place in range(0, len(found), 7):
        x0, y0, x1, y1 = found.xyxy[place].tolist()
        if min(x1 - x0, y1 - y0) < 4:
            continue
        cut += min(x0, y0) <= 0 or x1 >= 128 or y1 >= 96
        target = Target(int(found.class_ids[place]), (x0, y0, x1, y1))
        index = family.output_index((raw,), prepared, target)
        [score] = family.output_scores(raw, index)
        assert score == pytest.approx(float(found.scores[place]), abs=1e-5)
        other = family.output_index((raw,), prepared, Target(1 - target.class_id, target.xyxy))
        assert other[0] == index[0]
        checked += 1
    assert checked - cut >= 5
    assert cut >= 5, "boxes that were cut at the edges of the picture"
    assert iou(found.xyxy[:1], found.xyxy[:1])[0, 0] == 1
