"""Invariants over every transform, the pipeline, and the script that gives the same pictures."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as pil

from demo.augment.pipeline import (
    WORKING_SIDE,
    Pipeline,
    Preview,
    SampledStep,
    checked_seed,
    move_boxes,
    preview,
    replay,
    specs,
    working_size,
)
from demo.augment.script import script
from demo.augment.spec import Param, Transform, to_image, to_tensor
from demo.errors import DemoError
from demo.i18n import known
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Image

EVERY = pytest.mark.parametrize("spec", specs().values(), ids=list(specs()))
SIZES = ((97, 64), (1, 1), (1, 500), (500, 3), (2, 2))
GEOMETRY = ("rotation", "horizontal_flip", "vertical_flip", "crop", "resize", "perspective")
ON_OR_OFF = ("horizontal_flip", "vertical_flip", "greyscale")


def photo(width: int, height: int) -> Image:
    """Smooth colours with some grain, so that every transform changes something."""
    rng = np.random.default_rng(5)
    x, y = np.meshgrid(np.linspace(0, 3, width), np.linspace(0, 2, height))
    waves = np.stack([np.sin(x + y), np.cos(2 * x), np.sin(3 * y - x)], axis=2) * 100 + 128
    return (waves + rng.uniform(-20, 20, waves.shape)).clip(0, 255).astype(np.uint8)


def sample(spec: Transform, size_wh: tuple[int, int], seed: int, **params: Any) -> dict[str, Any]:
    return dict(spec.sample(np.random.default_rng(seed), size_wh, spec.defaults() | params))


def apply(spec: Transform, image: Image, sampled: dict[str, Any]) -> Image:
    return to_image(spec.apply(to_tensor(image), sampled))


def extremes(spec: Transform) -> Iterator[dict[str, Any]]:
    """The values of a transform with each parameter at each of its ends."""
    for param in spec.params:
        for end in ends(param):
            yield {param.name: end}


def ends(param: Param) -> tuple[Any, ...]:
    if param.kind == "choice":
        return param.choices
    if param.kind == "bool":
        return False, True
    return (
        (float(param.low), float(param.high))
        if param.kind == "float"
        else (
            int(param.low),
            int(param.high),
        )
    )


def one(name: str, **params: Any) -> Pipeline:
    return Pipeline.parse([{"name": name, "params": params}])


def test_the_transforms_of_the_page() -> None:
    assert list(specs()) == [
        "rotation",
        "horizontal_flip",
        "vertical_flip",
        "crop",
        "resize",
        "perspective",
        "colour_jitter",
        "greyscale",
        "blur",
        "noise",
        "cutout",
        "jpeg",
    ]


@EVERY
def test_every_control_is_titled_and_starts_inside_its_range(spec: Transform) -> None:
    assert known(spec.title)
    assert spec.params
    for param in spec.params:
        assert known(param.title), param.title
        for choice in param.choices:
            assert known(f"{param.title}_{choice}")
        if param.kind in ("float", "int"):
            assert isinstance(param.default, int | float)
            assert param.low <= param.default <= param.high
            assert 0 < param.step <= param.high - param.low
    assert Pipeline.parse([{"name": spec.name}]).steps[0].params == spec.defaults()


@EVERY
@pytest.mark.parametrize("size_wh", SIZES)
def test_any_size_gives_a_picture_and_leaves_the_input(
    spec: Transform, size_wh: tuple[int, int]
) -> None:
    image = photo(*size_wh)
    before = image.copy()
    for seed, values in enumerate([{}, *extremes(spec)]):
        sampled = sample(spec, size_wh, seed, **values)
        changed = apply(spec, image, sampled)
        width, height = sampled.get("size_wh", size_wh)
        assert changed.shape == (height, width, 3)
        assert changed.dtype == np.uint8
        assert not np.shares_memory(changed, image)
        assert (image == before).all()


@EVERY
def test_sampled_parameters_survive_json_and_give_the_same_pixels(spec: Transform) -> None:
    image = photo(97, 64)
    for seed, values in enumerate([{}, *extremes(spec)]):
        sampled = sample(spec, (97, 64), seed, **values)
        again = json.loads(json.dumps(sampled, allow_nan=False))
        assert again == sampled
        assert (apply(spec, image, sampled) == apply(spec, image, again)).all()


@EVERY
def test_equal_seeds_give_equal_samples_and_other_seeds_other_ones(spec: Transform) -> None:
    values = {"probability": 0.5} if spec.name in ON_OR_OFF else {}
    samples = [sample(spec, (97, 64), seed, **values) for seed in range(12)]
    assert samples == [sample(spec, (97, 64), seed, **values) for seed in range(12)]
    pictures = {apply(spec, photo(97, 64), sampled).tobytes() for sampled in samples}
    assert len(pictures) == 2 if spec.name in ON_OR_OFF else len(pictures) > 8


@EVERY
def test_boxes_stay_boxes_inside_the_picture(spec: Transform) -> None:
    rng = np.random.default_rng(0)
    for seed, values in enumerate([{}, *extremes(spec)] * 3):
        sampled = sample(spec, (97, 64), seed, **values)
        start = rng.uniform(0, (60, 40), (20, 2))
        xyxy = np.concatenate([start, start + rng.uniform(0, 24, (20, 2))], 1).astype(np.float32)
        before = xyxy.copy()
        moved = spec.apply_to_boxes(xyxy, (97, 64), sampled)
        width, height = sampled.get("size_wh", (97, 64))
        assert moved.shape == (20, 4)
        assert moved.dtype == np.float32
        assert (moved >= 0).all()
        assert (moved <= (width, height, width, height)).all()
        assert (moved[:, :2] <= moved[:, 2:]).all()
        assert (xyxy == before).all()
        assert spec.apply_to_boxes(np.zeros((0, 4), np.float32), (97, 64), sampled).shape == (0, 4)


@pytest.mark.parametrize("name", GEOMETRY)
def test_the_box_of_a_white_square_moves_with_its_pixels(name: str) -> None:
    spec = specs()[name]
    image = np.zeros((150, 200, 3), np.uint8)
    image[50:90, 70:130] = 255
    xyxy = np.array([[70, 50, 130, 90]], np.float32)
    values = {"probability": 1.0, "degrees": 40.0, "distortion": 0.4, "smallest": 0.7}
    values = {key: value for key, value in values.items() if key in spec.defaults()}
    for seed in range(6):
        sampled = sample(spec, (200, 150), seed, **values)
        lit = apply(spec, image, sampled)[..., 0] > 127
        across, down = np.flatnonzero(lit.any(axis=0)), np.flatnonzero(lit.any(axis=1))
        expected = [across[0], down[0], across[-1] + 1, down[-1] + 1]
        # The corners of a turned square are sharper than a pixel.
        np.testing.assert_allclose(
            spec.apply_to_boxes(xyxy, (200, 150), sampled)[0], expected, atol=1.6
        )


def test_a_positive_angle_turns_against_the_clock() -> None:
    image = np.zeros((101, 101, 3), np.uint8)
    image[48:53, 90:95] = 255
    turned = apply(specs()["rotation"], image, {"angle": 90.0})
    rows, columns = np.nonzero(turned[..., 0] > 127)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 10, 48, 52)


def test_a_box_that_a_crop_left_outside_has_no_area() -> None:
    sampled = {"top": 0, "left": 0, "height": 50, "width": 50, "size_wh": [100, 100]}
    spec = specs()["crop"]
    boxes = np.array([[60, 60, 90, 90], [10, 20, 70, 30]], np.float32)
    moved = spec.apply_to_boxes(boxes, (100, 100), sampled)
    assert moved.tolist() == [[100, 100, 100, 100], [20, 40, 100, 60]]


def test_what_the_plain_transforms_do_to_pixels() -> None:
    image = photo(40, 30)
    assert (apply(specs()["horizontal_flip"], image, {"flip": True}) == image[:, ::-1]).all()
    assert (apply(specs()["vertical_flip"], image, {"flip": True}) == image[::-1]).all()
    grey = apply(specs()["greyscale"], image, {"grey": True})
    expected = image @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    # torchvision writes 0.2989 and cuts the fraction off.
    assert np.abs(grey - expected[..., None]).max() <= 1.03
    covered = apply(specs()["cutout"], image, {"holes": [[3, 5, 10, 20]], "fill": 77})
    assert (covered[3:13, 5:25] == 77).all()
    covered[3:13, 5:25] = image[3:13, 5:25]
    assert (covered == image).all()


def test_noise_has_the_strength_of_its_slider() -> None:
    image = np.full((300, 300, 3), 128, np.uint8)
    noisy = apply(specs()["noise"], image, {"seed": 3, "sigma": 0.1}).astype(float)
    # Cutting the fraction off towards zero makes it 0.02 % to 2 % weaker.
    assert noisy.std() == pytest.approx(25.5, rel=0.02)
    assert noisy.mean() == pytest.approx(128, abs=0.2)


def test_blur_has_the_width_of_its_slider() -> None:
    image = np.zeros((81, 81, 3), np.uint8)
    image[:, 40:] = 255
    sampled = sample(specs()["blur"], (81, 81), 0)
    blurred = apply(specs()["blur"], image, sampled | {"sigma": 3.0, "kernel_wh": [19, 19]})
    slope = np.diff(blurred[40, :, 0].astype(float))
    places = np.arange(80) - 39.5 + 0.5
    spread = np.sqrt((slope * places**2).sum() / slope.sum() - (slope * places).sum() ** 2 / 255**2)
    assert spread == pytest.approx(3.0, rel=0.04)


def test_a_smaller_jpeg_quality_is_further_from_the_picture() -> None:
    image, spec = photo(97, 64), specs()["jpeg"]
    errors = [
        np.abs(apply(spec, image, {"quality": q}).astype(int) - image).mean() for q in (95, 50, 10)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]
    assert spec.sample(np.random.default_rng(0), (9, 9), {"lowest": 40, "highest": 40}) == {
        "quality": 40
    }
    turned = [sample(spec, (9, 9), seed, lowest=30, highest=20)["quality"] for seed in range(40)]
    assert {min(turned), max(turned)} == {20, 30}


def all_of_them() -> Pipeline:
    return Pipeline.parse([{"name": name} for name in specs()])


def pixels(previews: list[Preview]) -> list[bytes]:
    return [each.image.tobytes() for each in previews]


def test_previews_depend_on_seed_and_place_alone() -> None:
    image = photo(200, 150)
    nine = pixels(preview(image, all_of_them(), 9, 1))
    assert pixels(preview(image, all_of_them(), 4, 1)) == nine[:4]
    assert pixels(preview(image, all_of_them(), 9, 1)) == nine
    assert len(set(nine)) == 9
    assert not set(nine) & set(pixels(preview(image, all_of_them(), 9, 2)))


def test_a_slider_of_one_step_leaves_the_samples_of_the_others() -> None:
    def sampled(degrees: float) -> tuple[float, SampledStep]:
        steps = [{"name": "rotation", "params": {"degrees": degrees}}, {"name": "cutout"}]
        rotation, cutout = Pipeline.parse(steps).sample((200, 150), 3, 0)
        angle = rotation["values"]["angle"]
        assert isinstance(angle, float)
        return angle, cutout

    assert sampled(10)[1] == sampled(90)[1]
    assert sampled(90)[0] == pytest.approx(9 * sampled(10)[0], abs=0.01)


def test_pixels_do_not_depend_on_the_threads_of_torch_nor_on_its_generator() -> None:
    image = photo(640, 480)
    before = torch.get_num_threads()
    steps = [{"name": name} for name in ("colour_jitter", "noise", "blur")]
    try:
        pictures = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            torch.manual_seed(threads)
            pictures.append(pixels(preview(image, Pipeline.parse(steps), 3, 0)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("size_wh", [(1500, 1000), (200, 150), (3, 1)])
def test_a_replay_of_the_upload_is_the_preview(size_wh: tuple[int, int]) -> None:
    image = photo(*size_wh)
    image.setflags(write=False)
    for each in preview(image, all_of_them(), 3, 7):
        assert (replay(image, json.loads(json.dumps(each.sampled))) == each.image).all()


@pytest.mark.parametrize(
    ("size_wh", "working"),
    [
        ((4000, 3000), (640, 480)),
        ((3000, 4000), (480, 640)),
        ((640, 1), (640, 1)),
        ((8000, 3), (640, 1)),
        ((200, 100), (200, 100)),
    ],
)
def test_the_working_copy(size_wh: tuple[int, int], working: tuple[int, int]) -> None:
    assert working_size(size_wh) == working
    assert max(working) <= WORKING_SIDE


def test_without_steps_previews_are_the_working_copy() -> None:
    image = photo(50, 40)
    [only] = preview(image, Pipeline.parse([]), 1, 0)
    assert (only.image == image).all()
    assert not np.shares_memory(only.image, image)
    assert preview(photo(1280, 960), Pipeline.parse([]), 1, 0)[0].image.shape == (480, 640, 3)


def test_boxes_go_through_a_pipeline() -> None:
    image = np.zeros((600, 800, 3), np.uint8)
    image[200:360, 280:520] = 255
    steps = [
        {"name": "rotation", "params": {"degrees": 20}},
        {"name": "resize"},
        {"name": "horizontal_flip", "params": {"probability": 1}},
    ]
    for each in preview(image, Pipeline.parse(steps), 4, 2):
        lit = each.image[..., 0] > 127
        across, down = np.flatnonzero(lit.any(axis=0)), np.flatnonzero(lit.any(axis=1))
        expected = [across[0], down[0], across[-1] + 1, down[-1] + 1]
        boxes = np.array([[280, 200, 520, 360]], np.float32)
        np.testing.assert_allclose(
            move_boxes(boxes, (800, 600), each.sampled)[0], expected, atol=1.6
        )


def test_a_pipeline_reads_json_and_writes_what_it_reads() -> None:
    text = '[{"name": "jpeg", "params": {"lowest": 5.0}}, {"name": "blur"}]'
    pipeline = Pipeline.parse(text)
    assert pipeline.as_json() == [
        {"name": "jpeg", "params": {"lowest": 5, "highest": 50}},
        {"name": "blur", "params": {"sigma": 2.0}},
    ]
    assert isinstance(pipeline.steps[0].params["lowest"], int)
    assert Pipeline.parse(pipeline.as_json()) == pipeline
    assert Pipeline.parse(json.dumps(pipeline.as_json())) == pipeline


def rotation(value: object) -> list[object]:
    return [{"name": "rotation", "params": {"degrees": value}}]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[{", "not valid JSON"),
        ("[" * 5000, "not valid JSON"),
        ("[" * 20001, "the limit is 20000"),
        ("{}", "list of steps"),
        (None, "list of steps"),
        (7, "list of steps"),
        (["rotation"], "must look like"),
        ([{"name": "rotation", "params": [1]}], "must look like"),
        ([{"name": "rotation", "degrees": 3}], "must look like"),
        ([{"name": "swirl"}], "no augmentation “swirl”; choose from rotation, horizontal_flip"),
        ([{"params": {}}], "no augmentation “None”"),
        ([{"name": ["rotation"]}], "no augmentation"),
        ([{"name": "rotation", "params": {"angle": 3}}], "no parameter “angle”; it has degrees"),
        (rotation(float("nan")), "rotation.degrees is nan"),
        ('[{"name": "rotation", "params": {"degrees": NaN}}]', "rotation.degrees is nan"),
        (rotation(180.5), "between 0 and 180"),
        (rotation(-1), "between 0 and 180"),
        (rotation("30"), "rotation.degrees is “30”"),
        (rotation(True), "rotation.degrees is “True”"),
        (rotation(None), "rotation.degrees is “None”"),
        ([{"name": "cutout", "params": {"count": 1.5}}], "whole number from 1 to 8"),
        ([{"name": "resize", "params": {"interpolation": "lanczos"}}], "choose from nearest"),
        ([{"name": "resize", "params": {"interpolation": 2}}], "choose from nearest"),
        ([{"name": "blur"}] * 13, "13 steps; the limit is 12"),
    ],
)
def test_a_faulty_pipeline_raises_one_sentence(value: object, words: str) -> None:
    with pytest.raises(DemoError) as raised:
        Pipeline.parse(value)
    assert words in str(raised.value)


@pytest.mark.parametrize("count", [0, 17, 1.5, "4", float("nan"), True, None])
def test_a_count_outside_1_to_16_is_refused(count: object) -> None:
    with pytest.raises(DemoError, match="count"):
        preview(photo(9, 9), Pipeline.parse([]), count, 0)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "4", float("nan"), float("inf"), True, None])
def test_a_seed_out_of_range_is_refused(seed: object) -> None:
    with pytest.raises(DemoError, match="from 0 to 4294967295"):
        preview(photo(9, 9), Pipeline.parse([]), 1, seed)


def test_the_ends_of_the_seeds_count() -> None:
    assert checked_seed(0) == 0
    assert checked_seed(2**32 - 1) == checked_seed(4294967295.0) == 4294967295
    assert len(preview(photo(9, 9), Pipeline.parse([]), 16, 2**32 - 1)) == 16


def run(text: str, picture: Path, folder: Path) -> list[Image]:
    """The pictures that the script writes in a new process with the machine's own settings."""
    (folder / "previews.py").write_text(text, "utf-8")
    subprocess.run(
        [sys.executable, "-W", "error", "previews.py", str(picture), "out"],
        cwd=folder,
        check=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("OMP_")},
    )
    names = sorted((folder / "out").iterdir(), key=lambda path: int(path.stem.split("_")[1]))
    return [np.asarray(pil.open(path)) for path in names]


def execute(text: str, picture: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The variables of the script after a run inside this process, which saves two seconds."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(sys, "argv", ["previews.py", str(picture), str(folder)])
    scope: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(text, "previews.py", "exec"), scope)
    finally:
        torch.set_num_threads(threads)
    return scope


@EVERY
def test_the_printed_code_gives_these_pictures(
    spec: Transform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photo(700, 500)
    pil.fromarray(image).save(tmp_path / "photo.png")
    pipeline = one(spec.name)
    previews = preview(image, pipeline, 3, 11)
    text = script(pipeline, 11, [each.sampled for each in previews])
    scope = execute(text, tmp_path / "photo.png", tmp_path / "out", monkeypatch)
    for number, each in enumerate(previews, 1):
        saved = np.asarray(pil.open(tmp_path / "out" / f"preview_{number}.png"))
        assert (saved == each.image).all()
    trained = scope["training"](scope["picture"])
    assert trained.dtype == torch.uint8
    assert trained.shape[0] == 3


def test_the_printed_code_of_a_whole_pipeline_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    exif = pil.Exif()
    exif[0x0112] = 6
    # Stored lying on its side, as a phone does; both sides have to put it upright.
    stored = np.ascontiguousarray(np.rot90(photo(1500, 1000)))
    pil.fromarray(stored).save(file, quality=92, exif=exif)
    upload = decode(file.read_bytes(), Limits()).rgb
    assert upload.shape == (1000, 1500, 3)
    pipeline = Pipeline.parse([{"name": name} for name in reversed(specs())])
    previews = preview(upload, pipeline, 4, 5)
    made = run(script(pipeline, 5, [each.sampled for each in previews]), file, tmp_path)
    assert len(made) == 4
    for ours, theirs in zip(previews, made, strict=True):
        assert ours.image.shape == theirs.shape
        assert (ours.image == theirs).all()


def test_the_printed_code_without_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = np.linspace(0, 255, 600).astype(np.uint8).reshape(20, 30)
    file = tmp_path / "transparent.png"
    pil.fromarray(np.dstack([photo(30, 20), alpha])).save(file)
    [only] = preview(decode(file.read_bytes(), Limits()).rgb, Pipeline.parse([]), 1, 0)
    text = script(Pipeline.parse([]), 0, [only.sampled])
    scope = execute(text, file, tmp_path / "out", monkeypatch)
    assert (scope["picture"].permute(1, 2, 0).numpy() == only.image).all()
    assert (only.image[0, 0] == 255).all()
