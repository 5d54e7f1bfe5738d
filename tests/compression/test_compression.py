"""Precisions of a model on a crafted set: which answers change, the scores, and wrong requests."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from demo.batch.pictures import NamedPicture, Source
from demo.compression.report import Report, report_facts
from demo.compression.request import reports
from demo.errors import DemoError
from demo.images.encode import encode_png
from demo.inference.catalog import Catalog
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ModelSpec, Outputs, Prepared
from demo.results import Detections, Image, Result, Scores
from demo.results.metrics import wilson
from demo.service.service import Service
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.web.faults import explained
from tests.support.clips import square
from tests.support.finder import LABELS, FakeBackend, Finder, Guesser, fake_spec

BLUE, RED = LABELS


class Coarse(Finder):
    """Finds nothing right of x = 20, and on a picture of 100 pixels calls the thing blue."""

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Result:
        found = cast(Detections, super().postprocess(outputs, prepared))
        if len(found) and found.xyxy[0, 0] > 20:
            return Detections.empty(LABELS, found.size_wh)
        if found.size_wh[0] == 100:
            blue = np.zeros(1, np.int64)
            return Detections(found.xyxy, found.scores, blue, LABELS, found.size_wh)
        return found


class Doubter(Guesser):
    """Says red of everything, and on a picture of 100 pixels that it is none of the classes."""

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Scores:
        wide = outputs[0].shape[-1] == 100
        return Scores(np.array([0.4, 0.6], np.float32), LABELS, known=not wide)


MODELS: Mapping[str, tuple[str, Finder]] = {
    "finder": ("detect", Finder()),
    "finder-int8": ("detect", Coarse()),
    "guesser": ("classify", Guesser()),
    "guesser-int8": ("classify", Doubter()),
    "lonely": ("classify", Guesser()),
}


def model(folder: Path, name: str, task: str, family: Finder) -> ModelSpec:
    # The precision of what torch does not run is that of its file: no conversion.
    return replace(fake_spec(folder, name, task, family), runtime="onnx")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("models")
    settings = Settings(
        weights_dir=folder, cache_dir=folder / "c", device="cpu", threads=1, batch_pictures=8
    )
    specs = [model(folder, name, *rest) for name, rest in MODELS.items()]
    backend = FakeBackend({name: family for name, (_, family) in MODELS.items()})
    engine = LocalEngine(settings, Catalog(settings, specs), [backend])
    uploads = UploadStore(keep_s=600)
    made = Service(settings, engine, uploads)
    yield made
    made.close()
    uploads.close()


def red(index: int, size_wh: tuple[int, int] = (64, 48)) -> bytes:
    return encode_png(square(index, size_wh))


def grey() -> bytes:
    return encode_png(np.full((48, 64, 3), 40, np.uint8))


def packed(files: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def steps(
    service: Service,
    path: Path,
    content: bytes,
    name: str,
    precisions: object = ("float32", "int8"),
    shown: list[tuple[str, str, Image]] | None = None,
) -> list[Report]:
    file = path / "set"
    file.write_bytes(content)

    def show(picture: NamedPicture, precision: str, rgb: Image) -> str:
        assert shown is not None
        shown.append((picture.name, precision, rgb))
        return f"{precision} {picture.name}"

    return list(
        reports(
            service,
            [Source(file, "set.zip")],
            [name],
            precisions,
            {},
            explained,
            None if shown is None else show,
        )
    )


PICTURES = {"a.png": red(0), "b.png": red(12), "c.png": red(0, (100, 48)), "d.png": grey()}


def test_boxes_that_go_come_or_change_their_class_are_told(
    service: Service, tmp_path: Path
) -> None:
    shown: list[tuple[str, str, Image]] = []
    last = steps(service, tmp_path, packed(PICTURES), "finder", shown=shown)[-1]
    reference, coarse = last.rows
    assert (last.reference, reference.changed, reference.compared) == ("float32", (), 4)
    assert (coarse.compared, [one.name for one in coarse.changed]) == (4, ["b.png", "c.png"])
    lost, renamed = (one.change for one in coarse.changed)
    assert [said.label for said in lost.before] == [RED]
    assert lost.after == ()
    assert lost.before[0].xyxy == (26.0, 10.0, 38.0, 22.0)
    assert [said.label for said in renamed.before] == [RED]
    assert [said.label for said in renamed.after] == [BLUE]
    shapes = {(name, precision): rgb.shape for name, precision, rgb in shown}
    assert shapes == {("b.png", "int8"): (48, 64, 3), ("c.png", "int8"): (48, 100, 3)}
    assert coarse.changed[0].shown == "int8 b.png"


def test_labels_that_change_or_are_doubted_are_told(service: Service, tmp_path: Path) -> None:
    last = steps(service, tmp_path, packed(PICTURES), "guesser")[-1]
    told = {one.name: one.change for one in last.rows[1].changed}
    assert list(told) == ["c.png", "d.png"]
    assert (told["c.png"].before[0].known, told["c.png"].after[0].known) == (True, False)
    assert (told["d.png"].before[0].label, told["d.png"].after[0].label) == (BLUE, RED)
    assert all(row.score is None for row in last.rows)


def test_folders_give_the_accuracy_with_wilsons_interval(service: Service, tmp_path: Path) -> None:
    files = {"s/Red_Thing/1.png": red(0), "s/Red_Thing/2.png": red(4), "s/blue thing/3.png": grey()}
    last = steps(service, tmp_path, packed(files), "guesser")[-1]
    right, coarse = (row.score for row in last.rows)
    assert right is not None
    assert coarse is not None
    assert (right.metric, right.value, right.pictures) == ("accuracy", 1.0, 3)
    assert (right.low, right.high) == wilson(3, 3)
    assert coarse.value == pytest.approx(2 / 3)
    assert (coarse.low, coarse.high) == wilson(2, 3)
    assert last.notes == ()


def test_folders_of_other_classes_do_not_count(service: Service, tmp_path: Path) -> None:
    files = {"red thing/1.png": red(0), "cat/2.png": red(0), "3.png": red(0)}
    last = steps(service, tmp_path, packed(files), "guesser")[-1]
    assert [note.key for note in last.notes] == ["compression_some_classes"]
    score = last.rows[0].score
    assert score is not None
    assert score.pictures == 1
    last = steps(service, tmp_path, packed({"cat/1.png": red(0)}), "guesser")[-1]
    assert [note.key for note in last.notes] == ["compression_no_classes"]
    assert last.rows[0].score is None


def box(class_id: int, left: int, size_wh: tuple[int, int] = (64, 48)) -> str:
    """The line of the square of `clips`."""
    width, height = size_wh
    return f"{class_id} {(left + 6) / width} {16 / height} {12 / width} {12 / height}\n"


def test_text_files_give_the_map50_with_an_interval(service: Service, tmp_path: Path) -> None:
    files = {f"images/{i}.png": red(i) for i in (0, 2, 11, 13)}
    texts = {f"labels/{i}.txt": box(1, 2 + 2 * i) for i in (0, 2, 11, 13)}
    background = {"images/none.png": grey()}
    last = steps(service, tmp_path, packed({**files, **texts, **background}), "finder")[-1]
    fine, coarse = (row.score for row in last.rows)
    assert fine is not None
    assert coarse is not None
    assert (fine.metric, fine.value, fine.low, fine.high) == ("mAP50", 1.0, 1.0, 1.0)
    assert fine.pictures == 5
    # Two of four are found, none wrongly: precision 1 up to a recall of 0.5, of 101 points 51.
    assert coarse.value == pytest.approx(51 / 101)
    assert coarse.low < coarse.value < coarse.high <= 1
    assert last.left == ()


def test_the_names_beside_text_files_count(service: Service, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "1.png": red(0),
        "1.txt": box(0, 2) + box(1, 2),
        "classes.txt": "Red-Thing\ncat\n",
    }
    last = steps(service, tmp_path, packed(files), "finder", ["float32"])[-1]
    assert last.rows[0].score is not None
    assert last.rows[0].score.value == 1.0
    assert [note.key for note in last.notes] == ["compression_some_classes"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2 0.5 0.5 0.1 0.1", "compression_label_class"),
        ("red 0.5 0.5 0.1 0.1", "compression_label_line"),
        ("1 0.5 0.5 0.1", "compression_label_line"),
        ("1 0.5 nan 0.1 0.1", "compression_label_line"),
        ("1 0.5 0.5 -0.1 0.1", "compression_label_line"),
    ],
)
def test_text_files_that_do_not_fit_are_refused(
    service: Service, tmp_path: Path, text: str, key: str
) -> None:
    with pytest.raises(DemoError) as caught:
        steps(service, tmp_path, packed({"1.png": red(0), "1.txt": text}), "finder")
    assert caught.value.key == key


def test_a_polygon_counts_as_its_box(service: Service, tmp_path: Path) -> None:
    corners = [(2, 10), (14, 10), (14, 22), (2, 22)]
    text = "1 " + " ".join(f"{x / 64} {y / 48}" for x, y in corners)
    files: dict[str, bytes | str] = {"1.png": red(0), "1.txt": text}
    last = steps(service, tmp_path, packed(files), "finder", ["float32"])[-1]
    assert last.rows[0].score is not None
    assert last.rows[0].score.value == 1.0


def test_a_precision_that_is_not_here_stops_no_other(service: Service, tmp_path: Path) -> None:
    last = steps(service, tmp_path, red(0), "lonely", ["int8", "bfloat16", "float32"])[-1]
    faults = [row.fault.key if row.fault else "" for row in last.rows]
    assert faults[0] == "compression_no_int8"
    assert faults[1] in {"precision_fixed", "precision_processor"}
    assert faults[2] == ""
    assert last.reference == "float32"
    facts = report_facts(last, "en")
    first = cast(Sequence[Mapping[str, str]], facts["precisions"])[0]
    command = "python -m demo.inference.quantize lonely --data FOLDER"
    assert first["error"].endswith(command)


def test_where_no_precision_answers_the_first_reason_is_told(
    service: Service, tmp_path: Path
) -> None:
    with pytest.raises(DemoError) as caught:
        steps(service, tmp_path, red(0), "lonely", ["int8"])
    assert caught.value.key == "compression_no_int8"


def test_what_is_no_picture_is_left_out_by_name(service: Service, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.png": red(0),
        "b.png": red(0)[:60],
        "notes.txt": "x",
        "c.exe": b"MZ",
    }
    last = steps(service, tmp_path, packed(files), "finder")[-1]
    assert sorted(one.name for one in last.left) == ["b.png", "c.exe"]
    assert [row.compared for row in last.rows] == [1, 1]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (packed({"a.txt": "x", "b.txt": "y"}), "compression_no_pictures"),
        (packed({"a.txt": "x"}), "compression_no_pictures"),
        (packed({}), "compression_no_pictures"),
        (packed({"a.png": b"x" * 99})[:80], "batch_zip_damaged"),
        (b"no picture at all", "image_unknown"),
        (packed({f"{i}.png": grey() for i in range(9)}), "batch_too_many"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused(
    service: Service, tmp_path: Path, content: bytes, key: str
) -> None:
    with pytest.raises(DemoError) as caught:
        steps(service, tmp_path, content, "finder")
    assert caught.value.key == key
    assert list(service.uploads.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("models", "precisions", "key"),
    [
        (["finder", "guesser"], ["float32"], "compression_one_model"),
        ([], ["float32"], "compression_one_model"),
        ("finder", ["float32"], "compare_not_a_list"),
        (["finder"], ["float33"], "unknown_name"),
        (["finder"], "float32", "not_a_list"),
        (["finder"], [], "compression_no_precision"),
        (["nothing"], ["float32"], "unknown_model"),
    ],
)
def test_a_wrong_request_is_refused(
    service: Service, tmp_path: Path, models: object, precisions: object, key: str
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(red(0))
    with pytest.raises(DemoError) as caught:
        next(reports(service, [Source.of(file)], models, precisions, {}, explained))
    assert caught.value.key == key


def test_closing_ends_the_work_and_leaves_nothing(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "set.zip"
    file.write_bytes(packed({f"{i}.png": red(i) for i in range(8)}))
    finder = MODELS["finder"][1]
    running = reports(service, [Source.of(file)], ["finder"], ["float32"], {}, explained)
    while next(running).rows[0].answered < 1:
        pass
    running.close()
    begun = finder.prepared
    assert list(service.uploads.folder.iterdir()) == []
    # Those under way may still end; none of the others is begun.
    assert begun <= finder.prepared <= begun + 2
