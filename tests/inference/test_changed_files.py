"""Weights files that change under a running engine: overwritten, replaced, deleted."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save_file
from torch import Tensor

from demo.backends.torch_cpu import BACKEND
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.models.bundled import FOLDER
from demo.models.file_stamp import FileStamp
from demo.models.spec import ImageRequest, ModelSpec, WeightsEntry, WeightsFile
from demo.results import Scores
from demo.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NAME = "cnn-cifar10"
PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


def state(scale: float = 1.0) -> dict[str, Tensor]:
    """The network's own weights in float32, which a mapped file would lend out without a copy."""
    tensors = load((FOLDER / f"{NAME}.safetensors").read_bytes())
    return {k: t.float() * scale if t.is_floating_point() else t for k, t in tensors.items()}


def settings(folder: Path) -> Settings:
    return Settings(weights_dir=folder, cache_dir=folder / "c", offline=True, device="cpu")


def ask(engine: LocalEngine) -> Prediction:
    return engine.run(NAME, ImageRequest(PICTURE))


PROGRAM = """
import sys
from pathlib import Path
from demo.errors import DemoError
from tests.inference.test_changed_files import NAME, LocalEngine, ask, settings
folder = Path(sys.argv[1])
engine = LocalEngine(settings(folder))
with engine._cache.lease(NAME) as loaded:
    network = loaded.runner._network
ask(engine)
with (folder / f"{NAME}.safetensors").open("r+b") as file:
    file.truncate(100)
total = sum(float(tensor.double().sum()) for tensor in network.state_dict().values())
try:
    ask(engine)
except DemoError as error:
    print(error.key)
engine.close()
"""


def test_a_file_that_is_cut_off_while_it_is_resident_kills_nothing(tmp_path: Path) -> None:
    """In a process of its own: the signal for a page that is gone would end this one."""
    save_file(state(), tmp_path / f"{NAME}.safetensors")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "weights_corrupt\n"), done.stderr


def overwrite(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def replace(path: Path, other: Path) -> None:
    other.replace(path)


def link(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other)


@pytest.mark.parametrize("change", [overwrite, replace, link])
def test_a_changed_file_is_a_new_model(
    tmp_path: Path, change: Callable[[Path, Path], None]
) -> None:
    """Of the same size, as another training of the same network is."""
    file, other = tmp_path / f"{NAME}.safetensors", tmp_path / "other.safetensors"
    save_file(state(), file)
    save_file(state(0.5), other)
    engine = LocalEngine(settings(tmp_path))
    first, again = ask(engine), ask(engine)
    assert first.weights_sha256 == again.weights_sha256
    change(file, other)
    second = ask(engine)
    assert second.weights_sha256 != first.weights_sha256
    assert isinstance(first.result, Scores)
    assert isinstance(second.result, Scores)
    assert not np.allclose(second.result.probabilities, first.result.probabilities)
    assert [row["resident"] for row in engine.models() if row["name"] == NAME] == [True]
    engine.close()


def test_files_of_one_tick_of_the_clock_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}" for i in range(20)]
    for path in paths:
        path.write_bytes(b"same size")
    link = tmp_path / "link"
    stamps = set()
    for path in paths:
        link.unlink(missing_ok=True)
        link.symlink_to(path)
        stamps.add(FileStamp.of(link))
    assert len(stamps) == len(paths)


def test_a_model_whose_file_is_gone_answers_as_long_as_it_is_resident(tmp_path: Path) -> None:
    own = Catalog(settings(tmp_path)).spec(NAME)
    file = tmp_path / "own.pth"
    torch.save(state(), file)
    engine = LocalEngine(settings(tmp_path), _catalog_of(own, tmp_path))
    first = engine.run("own", ImageRequest(PICTURE))
    file.unlink()
    assert engine.run("own", ImageRequest(PICTURE)).weights_sha256 == first.weights_sha256
    file.mkdir()
    assert engine.run("own", ImageRequest(PICTURE)).weights_sha256 == first.weights_sha256
    assert [(row["available"], row["size_bytes"]) for row in engine.models()] == [(False, None)]
    engine._cache.shrink(0)
    with pytest.raises(DemoError) as raised:
        engine.run("own", ImageRequest(PICTURE))
    assert raised.value.key == "weights_missing"
    engine.close()


def test_those_who_use_the_old_one_keep_it(tmp_path: Path) -> None:
    file = tmp_path / f"{NAME}.safetensors"
    save_file(state(), file)
    engine = LocalEngine(settings(tmp_path))
    with engine._cache.lease(NAME) as old:
        save_file(state(0.5), file)
        with engine._cache.lease(NAME) as new:
            assert new.file.sha256 != old.file.sha256
        inputs = old.spec.family.preprocess(ImageRequest(PICTURE)).inputs
        assert old.runner.run(inputs)[0].shape == (1, 10)
    engine.close()


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_a_file_that_changes_while_it_is_loaded_is_refused(tmp_path: Path, suffix: str) -> None:
    """Its digest was computed from what it held before."""
    own = Catalog(settings(tmp_path)).spec(NAME)
    file = tmp_path / f"own.{suffix}"

    def write(scale: float) -> None:
        save_file(state(scale), file) if suffix == "safetensors" else torch.save(state(scale), file)

    def overwritten_first(weights: WeightsFile) -> torch.nn.Module:
        write(0.5)
        return own.network(weights)

    write(1.0)
    engine = LocalEngine(settings(tmp_path), _catalog_of(own, tmp_path, overwritten_first))
    with pytest.raises(DemoError) as raised:
        engine.run("own", ImageRequest(PICTURE))
    assert raised.value.key == "weights_changed"
    engine.close()


def test_the_plain_network_is_never_another_one(tmp_path: Path) -> None:
    file = tmp_path / f"{NAME}.safetensors"
    save_file(state(), file)
    catalog = Catalog(settings(tmp_path))
    runner = BACKEND.load(catalog.spec(NAME), catalog.open(NAME, print))
    assert isinstance(runner.module(), torch.nn.Module)
    save_file(state(0.5), file)
    with pytest.raises(DemoError) as raised:
        runner.module()
    assert raised.value.key == "weights_changed"


@pytest.mark.parametrize("name", ["gone.safetensors", "gone.pth", "gone.pt"])
def test_a_file_that_is_gone_is_not_called_broken(tmp_path: Path, name: str) -> None:
    detector = Catalog(settings(tmp_path)).spec("yolo11n")
    for weights in (WeightsFile(tmp_path / name, ""), WeightsFile(tmp_path, "")):
        with pytest.raises(DemoError) as raised:
            detector.network(weights)
        assert raised.value.key == "weights_unreadable"


def _catalog_of(
    own: ModelSpec,
    folder: Path,
    network: "Callable[[WeightsFile], torch.nn.Module] | None" = None,
) -> Catalog:
    """A catalog of one model `own`, without an embedded file to fall back to."""
    entry = WeightsEntry("own", (".safetensors", ".pth"))
    spec = dataclasses.replace(own, name="own", weights=entry, network=network or own.network)
    return Catalog(settings(folder), [spec])
