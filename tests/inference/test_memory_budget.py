"""The memory of loaded models: what fits, what is evicted, and what happens where it runs out."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from demo.backends.base import OutOfMemory
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.download import Downloader
from demo.inference.local_engine import LocalEngine
from demo.models.classifier import Classifier, Preprocessing
from demo.models.spec import ImageRequest, ModelSpec, WeightsEntry, WeightsFile
from demo.settings import Settings
from demo.system import is_out_of_memory

ROOT = Path(__file__).resolve().parents[2]
PICTURE = np.full((8, 8, 3), 200, np.uint8)
FLOATS_A_MB = 250_000


class Shelf:
    """Models of one linear layer each, whose loads are counted."""

    def __init__(self, folder: Path, budget_mb: int, **sizes_mb: float) -> None:
        self.loads: list[str] = []
        self.faults: list[BaseException] = []
        specs = []
        for name, size_mb in sizes_mb.items():
            (folder / f"{name}.pth").write_bytes(b"none")
            specs.append(self._spec(name, size_mb, published=size_mb))
        settings = Settings(
            weights_dir=folder, cache_dir=folder / "c", device="cpu", model_budget_mb=budget_mb
        )
        self.catalog = Catalog(settings, specs, Downloader())
        self.engine = LocalEngine(settings, self.catalog)

    def ask(self, name: str) -> None:
        self.engine.run(name, ImageRequest(PICTURE))

    def resident(self) -> str:
        return " ".join(row["name"] for row in self.engine.models() if row["resident"])

    def _spec(self, name: str, size_mb: float, published: float) -> ModelSpec:
        preset = Preprocessing(8, 8, "bilinear", (0.5,) * 3, (0.5,) * 3)

        def network(file: WeightsFile) -> nn.Module:
            self.loads.append(name)
            if self.faults:
                raise self.faults.pop(0)
            outputs = round(size_mb * FLOATS_A_MB / 192)
            return nn.Sequential(nn.Flatten(), nn.Linear(192, outputs, bias=False))

        return ModelSpec(
            name=name,
            title=name,
            task="classify",
            labels=("a", "b"),
            input_size=8,
            architecture="linear",
            licence="none",
            source="here",
            weights=WeightsEntry(name, (".pth",)),
            family=_First(name, preset, ("a", "b")),
            network=network,
            fixed_size=True,
            published={"metric": "score", "value": published},
            params=round(size_mb * FLOATS_A_MB),
        )


class _First(Classifier):
    """Uses the first two outputs of many."""

    def postprocess(self, outputs, prepared):  # type: ignore[no-untyped-def]
        return super().postprocess((outputs[0][:, :2],), prepared)


def test_a_model_above_the_budget_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 5, small=1, large=6)
    for _ in range(3):
        with pytest.raises(
            DemoError, match="large needs 6 MB of memory, more than the 5"
        ) as raised:
            shelf.ask("large")
        assert raised.value.key == "model_too_large"
    shelf.ask("small")
    assert shelf.loads == ["small"]
    shelf.engine.close()


def test_a_model_that_can_never_be_loaded_is_not_downloaded(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 5, large=6)
    (tmp_path / "large.pth").unlink()
    url = "https://x.invalid/large.pth"
    own = replace(
        shelf.catalog.spec("large"),
        name="remote",
        weights=WeightsEntry("remote", (".pth",), "remote.pth", url, None, 6_000_000),
    )
    shelf.catalog.add(own)
    with pytest.raises(DemoError) as raised:
        shelf.ask("remote")
    assert raised.value.key == "model_too_large"
    shelf.engine.close()


def test_a_model_that_proves_larger_than_it_states_is_loaded_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 5, large=6)
    own = replace(shelf.catalog.spec("large"), name="liar", params=None)
    (tmp_path / "large.pth").rename(tmp_path / "liar.pth")
    shelf.catalog.add(replace(own, weights=WeightsEntry("liar", (".pth",))))
    for _ in range(3):
        with pytest.raises(DemoError) as raised:
            shelf.ask("liar")
        assert raised.value.key == "model_too_large"
    assert shelf.loads == ["large"]
    assert shelf.resident() == ""
    (tmp_path / "liar.pth").write_bytes(b"another training")
    with pytest.raises(DemoError):
        shelf.ask("liar")
    assert shelf.loads == ["large", "large"]
    shelf.engine.close()


def test_the_default_fits_into_the_budget(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 5, small=1, middle=4, large=6)
    assert shelf.engine.default("classify") == "middle"
    shelf.engine.close()


def test_a_default_that_does_not_fit_says_so(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 1, large=6)
    assert shelf.engine.default("classify") == "large"
    with pytest.raises(DemoError, match="VITRINE_MODEL_BUDGET_MB"):
        shelf.ask("large")
    shelf.engine.close()


def test_the_one_that_was_asked_for_last_stays(tmp_path: Path) -> None:
    """While another one is in use, so that the two are above the budget together."""
    shelf = Shelf(tmp_path, 5, film=3, photo=4)
    with shelf.engine._cache.lease("film"):
        for _ in range(3):
            shelf.ask("photo")
        assert shelf.loads == ["film", "photo"]
        assert shelf.resident() == "film photo"
    assert shelf.resident() == "photo"
    shelf.engine.close()


def test_room_is_made_before_a_model_is_loaded(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 5, first=3, second=4)
    shelf.ask("first")
    resident: list[str] = []
    own = shelf.catalog.spec("second")

    def network(file: WeightsFile) -> nn.Module:
        resident.append(shelf.resident())
        return own.network(file)

    shelf.catalog.add(replace(own, name="watched", network=network))
    shelf.ask("watched")
    assert resident == [""]
    shelf.engine.close()


FAULTS = [
    torch.OutOfMemoryError("CUDA out of memory"),
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA error: out of memory"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_others_make_room_where_the_memory_runs_out(tmp_path: Path, fault: Exception) -> None:
    shelf = Shelf(tmp_path, 50, first=1, second=1)
    shelf.ask("first")
    shelf.faults = [fault]
    shelf.ask("second")
    assert shelf.resident() == "second"
    shelf.engine.close()


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_memory_that_does_not_suffice_is_one_sentence(tmp_path: Path, fault: Exception) -> None:
    shelf = Shelf(tmp_path, 50, net=1)
    shelf.faults = [fault, fault]
    with pytest.raises(DemoError) as raised:
        shelf.ask("net")
    assert raised.value.key == "out_of_memory"
    shelf.ask("net")
    with shelf.engine.exclusive("net") as model:
        shelf.faults = [fault]
        with pytest.raises(DemoError) as raised:
            model.run(lambda network: None)
    assert raised.value.key == "out_of_memory"
    shelf.engine.close()


@contextmanager
def _as_unreadable() -> Iterator[None]:
    """Raise every fault as another one, as ultralytics' loader does."""
    try:
        yield
    except RuntimeError as cause:
        raise TypeError("unreadable file") from cause


def test_only_exhausted_memory_is_out_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("size mismatch for weight"))
    assert not is_out_of_memory(KeyError("memory"))
    with pytest.raises(TypeError) as raised, _as_unreadable():
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
    assert is_out_of_memory(raised.value)
    assert not is_out_of_memory(OutOfMemory())


LIMITED = """
import resource, sys
from pathlib import Path
import torch
from demo.errors import DemoError
from demo.models import ultralytics
from demo.models.checkpoint import load_state
from demo.system import is_out_of_memory
from demo.models.spec import WeightsFile
files = [WeightsFile(Path(name), "") for name in sys.argv[1:]]
for file in files:
    load_state(WeightsFile(file.path.with_name("small" + file.path.suffix), ""))
ultralytics.tasks()
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + (30 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for file in files:
    load = load_state if file.path.suffix != ".pt" else (
        lambda file: ultralytics.detector_state(file, (), "net"))
    try:
        load(file)
    except DemoError as error:
        print(error.key)
    except (RuntimeError, MemoryError) as error:
        print(is_out_of_memory(error))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits its memory as Linux does")
def test_exhausted_memory_is_not_called_a_broken_file(tmp_path: Path) -> None:
    files: list[Path] = []
    save: dict[str, Callable[[dict[str, torch.Tensor], Path], object]] = {
        ".pth": torch.save,
        ".pt": torch.save,
        ".safetensors": save_file,
    }
    for suffix, write in save.items():
        write({"weight": torch.zeros(2)}, tmp_path / f"small{suffix}")
        files.append(tmp_path / f"net{suffix}")
        write({"weight": torch.zeros(20_000_000)}, files[-1])
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["True"] * 3, done.stderr
