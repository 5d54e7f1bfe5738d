"""A new transform, model family or back end is one new file, and no other line changes.

Each test runs a program in a new process, which adds a folder of `tests/support/new_files` to the
search path of a package, as if its one file stood in the package.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from demo.inference.catalog import Catalog
from demo.settings import Settings
from tests.support.preloaded import Preloaded

ROOT = Path(__file__).parents[1]
NEW_FILES = Path(__file__).parent / "support" / "new_files"

TRANSFORM = """
import json, sys
from pathlib import Path

import demo.augment.transforms as package
package.__path__.append(sys.argv[1])

import gradio as gr
import numpy as np

from demo.augment.pipeline import specs
from demo.images.decode import decode
from demo.images.encode import encode_png
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.service.service import Service
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.web.tab import Context
from demo.web.tabs.augment import TAB

folder = Path(sys.argv[2])
settings = Settings(cache_dir=folder, offline=True)
uploads = UploadStore(keep_s=600)
service = Service(settings, LocalEngine(settings), uploads)
image = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
upload = Path(uploads.folder) / "photo.png"
upload.write_bytes(encode_png(image))
made = service.augment(str(upload), [{"name": "negative"}], 2, 0)

sys.argv = ["previews.py", str(upload), str(folder)]
exec(compile(made.facts["code"], "previews.py", "exec"), {"__name__": "__main__"})
saved = decode((folder / "preview_1.png").read_bytes(), Limits()).rgb

with gr.Blocks() as page:
    TAB.build(Context(service, page))
props = [component["props"] for component in page.get_config_file()["components"]]
[chosen] = [p for p in props if p.get("elem_id") == "augment-chosen"]
greyscale = [p for p in props if "augment_greyscale_probability" in str(p.get("label"))]
service.close()
uploads.close()
print(json.dumps({
    "names": list(specs()),
    "facts": {key: made.facts[key] for key in ("pipeline", "drawn")},
    "inverted": bool((made.images[0] == 255 - image).all()),
    "replayed": bool((saved == made.images[0]).all()),
    "training": "v2.RandomInvert(1.0)" in made.facts["code"],
    "choices": [value for _, value in chosen["choices"]],
    "sliders": len(greyscale),
}))
"""

FAMILY = """
import json, sys
from pathlib import Path

import demo.models as package
package.__path__.append(sys.argv[1])

import numpy as np

from demo import weights
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.settings import Settings

folder = Path(sys.argv[2])
settings = Settings(weights_dir=folder, cache_dir=folder / "cache", offline=True, device="cpu")
engine = LocalEngine(settings)
images = [np.full((20, 30, 3), level, np.uint8) for level in (40, 200)]
answers = [engine.run("brightness", ImageRequest(image)) for image in images]
[row] = [row for row in engine.models() if row["name"] == "brightness"]
engine.close()
weights.main(["list"], settings)
print(json.dumps({
    "best": [answer.result.top(1)[0][0] for answer in answers],
    "sha256": answers[0].weights_sha256,
    "row": row,
}))
"""

BACKEND = """
import json, sys
from pathlib import Path

import demo.backends as package
if sys.argv[1]:
    package.__path__.append(sys.argv[1])

import numpy as np

from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.settings import Settings

settings = Settings(cache_dir=Path(sys.argv[2]), offline=True, device="cpu")
engine = LocalEngine(settings)
image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
answers = [engine.run(name, ImageRequest(image)) for name in ("cnn-cifar10", "yolo-vitrine")]
engine.close()
print(json.dumps({
    "backends": [answer.backend for answer in answers],
    "probabilities": answers[0].result.probabilities.tolist(),
}))
"""


def run(
    preloaded: Preloaded, program: str, folder: Path | None, *arguments: Path
) -> tuple[list[str], Any]:
    """The lines that the program printed, and the JSON in its last line."""
    words = [str(folder or ""), *map(str, arguments)]
    done = preloaded.run(["-c", program, *words], ROOT, dict(os.environ))
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    return lines, json.loads(last)


def test_a_transform_is_one_file(preloaded: Preloaded, tmp_path: Path) -> None:
    """It is in the catalog, the pipeline of `/augment`, the script and the controls of the tab."""
    _, answer = run(preloaded, TRANSFORM, NEW_FILES / "transforms", tmp_path)
    place = answer["names"].index("negative")
    assert answer["names"][place - 1 : place + 2] == ["greyscale", "negative", "blur"]
    assert answer["facts"]["pipeline"] == [{"name": "negative", "params": {"chance": 1.0}}]
    assert answer["facts"]["drawn"] == [[{"name": "negative", "values": {"invert": True}}]] * 2
    assert answer["inverted"]
    assert answer["replayed"]
    assert answer["training"]
    assert answer["choices"] == answer["names"]
    assert answer["sliders"] == 2


def test_a_family_is_one_file(preloaded: Preloaded, tmp_path: Path) -> None:
    """It is in the catalog, answers, and is listed with its weights."""
    save_file({"threshold": torch.tensor([0.5])}, tmp_path / "brightness.safetensors")
    lines, answer = run(preloaded, FAMILY, NEW_FILES / "models", tmp_path)
    assert answer["best"] == ["dark", "bright"]
    assert len(answer["sha256"]) == 64
    row = answer["row"]
    assert (row["task"], row["classes"], row["params"]) == ("classify", 2, 1)
    assert row["available"]
    assert row["resident"]
    [listed] = [line for line in lines if " brightness " in line]
    assert listed.startswith("here ")


def test_a_back_end_is_one_file(preloaded: Preloaded, tmp_path: Path) -> None:
    """It is preferred where it supports the model, and gives the same answer."""
    _, plain = run(preloaded, BACKEND, None, tmp_path)
    _, answer = run(preloaded, BACKEND, NEW_FILES / "backends", tmp_path)
    assert plain["backends"] == ["torch-cpu", "torch-cpu"]
    assert answer["backends"] == ["eager", "torch-cpu"]
    assert answer["probabilities"] == pytest.approx(plain["probabilities"], abs=1e-5)


def test_the_program_has_none_of_the_new_files() -> None:
    """So that the tests above are about the added folders."""
    catalog = Catalog(Settings(offline=True))
    assert "brightness" not in {spec.name for spec in catalog.specs()}
