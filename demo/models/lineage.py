"""Usual names of the families of networks, by which lists of models are grouped."""

from functools import cache

from demo.models.spec import ModelSpec

_TITLES = {
    "alexnet": "AlexNet",
    "coatnet": "CoAtNet",
    "convnext": "ConvNeXt",
    "deit": "DeiT",
    "densenet": "DenseNet",
    "edgenext": "EdgeNeXt",
    "efficientformer": "EfficientFormer",
    "efficientnet": "EfficientNet",
    "eva02": "EVA-02",
    "ghostnet": "GhostNet",
    "googlenet": "Inception",
    "hrnet": "HRNet",
    "inception": "Inception",
    "levit": "LeViT",
    "maxvit": "MaxViT",
    "mixer": "MLP-Mixer",
    "mnasnet": "MnasNet",
    "mobilenet": "MobileNet",
    "mobilevit": "MobileViT",
    "nfnet": "NFNet",
    "poolformer": "PoolFormer",
    "regnet": "RegNet",
    "repvgg": "RepVGG",
    "resnest": "ResNeSt",
    "resnet": "ResNet",
    "resnext": "ResNeXt",
    "senet": "SENet",
    "rtdetr": "RT-DETR",
    "seresne": "SENet",
    "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet",
    "swin": "Swin Transformer",
    "tf_efficientnet": "EfficientNet",
    "vgg": "VGG",
    "vit": "ViT",
    "wide_resnet": "Wide ResNet",
    "xception": "Xception",
    "yolo11": "YOLO11",
    "yolo26": "YOLO26",
    "yolov8": "YOLOv8",
}
"""Beginning of an architecture's name → name of its family."""


def lineage(spec: ModelSpec) -> str:
    """The family of a model; `Vitrine` for this project's own, else its architecture."""
    if spec.source.startswith("trained "):
        return "Vitrine"
    return _family(spec.architecture)


@cache
def _family(architecture: str) -> str:
    known = (title for start, title in _TITLES.items() if architecture.startswith(start))
    return next(known, architecture)
