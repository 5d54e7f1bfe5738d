"""Ten networks in which the history of image classification can be told, and what each brought."""

from dataclasses import dataclass

from demo.models import imagenet, timm_classifiers


@dataclass(frozen=True, slots=True)
class Milestone:
    """A network of the history.

    title: its usual name. year: of its publication. paper: authors and number at arXiv, or the
    conference. model: the name in the catalog of the member that stands for it. idea: string key
    of the sentence about what it brought.
    """

    title: str
    year: int
    paper: str
    model: str
    idea: str

    @property
    def gflops(self) -> float:
        """Billions of operations of one pass, a multiplication and an addition counted as two."""
        rows = timm_classifiers.facts()
        if self.model in rows:
            return rows[self.model]["gflops"]
        return imagenet.gflops(self.model)


HISTORY = (
    Milestone("AlexNet", 2012, "Krizhevsky et al., NeurIPS 2012", "alexnet", "idea_alexnet"),
    Milestone("VGG", 2014, "Simonyan and Zisserman, arXiv:1409.1556", "vgg16", "idea_vgg"),
    Milestone("GoogLeNet", 2014, "Szegedy et al., arXiv:1409.4842", "googlenet", "idea_googlenet"),
    Milestone("ResNet", 2015, "He et al., arXiv:1512.03385", "resnet50", "idea_resnet"),
    Milestone("DenseNet", 2016, "Huang et al., arXiv:1608.06993", "densenet121", "idea_densenet"),
    Milestone("SENet", 2017, "Hu et al., arXiv:1709.01507", "seresnet50", "idea_senet"),
    Milestone("MobileNet", 2018, "Sandler et al., arXiv:1801.04381", "mobilenet_v2", "idea_mobile"),
    Milestone("EfficientNet", 2019, "Tan and Le, arXiv:1905.11946", "efficientnet_b0", "idea_effi"),
    Milestone("ViT", 2020, "Dosovitskiy et al., arXiv:2010.11929", "vit_b_16", "idea_vit"),
    Milestone("ConvNeXt", 2022, "Liu et al., arXiv:2201.03545", "convnext_tiny", "idea_convnext"),
)
"""By year."""
