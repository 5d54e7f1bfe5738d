"""`python -m demo.batch` with the models of a bare machine: files, table, exit status."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import ultralytics

from demo.batch.__main__ import main
from tests.conftest import ROOT
from tests.support.batches import folder, noise, picture, zipped

ASSETS = Path(ultralytics.__file__).parent / "assets"
PICTURES = ("JPEGImages", "annotated", "images")
FORMATS = "coco,yolo,voc,csv,json,annotated"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what comes with the project, no network and no settings."""
    for name in list(os.environ):
        if name.startswith("VITRINE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photos of the ultralytics package."""
    files = {name: (ASSETS / name).read_bytes() for name in ("bus.jpg", "zidane.jpg")}
    return folder(tmp_path / "photos", files)


def files(out: Path) -> list[str]:
    return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())


def rows(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))


def test_all_answered_is_status_0(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    status = main(["yolo-vitrine", str(photos), "--out", str(out), "--format", FORMATS])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert re.search(r"^pictures +2$", printed.out, re.M)
    assert re.search(r"^answered +2$", printed.out, re.M)
    assert re.search(r"^left out +0$", printed.out, re.M)
    assert re.search(r"^pictures a second +\d+\.\d$", printed.out, re.M)
    assert printed.out.endswith(f"\n\nwritten to {out}\n")
    stems = ("bus", "zidane")
    expected = [
        *(".vitrine-export", "answers.csv", "answers.json", "coco.json", "data.yaml"),
        *(f"ImageSets/Main/{name}.txt" for name in ("train", "trainval", "val")),
        *(f"Annotations/{stem}.xml" for stem in stems),
        *(
            f"{place}/{stem}.jpg"
            for place in ("JPEGImages", "annotated", "images")
            for stem in stems
        ),
        *(f"labels/{stem}.txt" for stem in stems),
    ]
    assert files(out) == sorted(expected)
    persons = re.search(r"^person +(\d+) +2$", printed.out, re.M)
    assert persons
    table = rows(out / "answers.csv")
    assert sum(row["label"] == "person" for row in table) == int(persons[1]) >= 4


def test_a_classifier_says_what_it_knows(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["photo-101", str(photos / "bus.jpg"), "--out", str(out), "--format", "csv", "--top-k"]
    assert main([*words, "3"]) == 0
    table = rows(out / "answers.csv")
    assert [row["picture"] for row in table] == ["bus.jpg"] * 3
    unknown = re.search(r"^\(probably none of the labels\) +1$", capsys.readouterr().out, re.M)
    assert bool(unknown) == (table[0]["known"] == "0")


def test_some_left_out_is_status_1_and_the_rest_is_written(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "notes.txt").write_text("hello")
    (photos / "cut.jpg").write_bytes((photos / "bus.jpg").read_bytes()[:50_000])
    out = tmp_path / "out"
    assert main(["yolo-vitrine", str(photos), "--out", str(out), "--format", "json"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"^left out +2$", printed, re.M)
    assert re.search(r"^notes\.txt: This file is not a picture", printed, re.M)
    assert re.search(r"^cut\.jpg: This JPEG file ends too early", printed, re.M)
    data = json.loads((out / "answers.json").read_text("utf-8"))
    assert {one["picture"]: "error" in one for one in data} == {
        "notes.txt": True, "bus.jpg": False, "cut.jpg": True, "zidane.jpg": False
    }  # fmt: skip


def test_nothing_answered_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = folder(tmp_path / "in", {"notes.txt": b"hello"})
    out = tmp_path / "out"
    assert main(["yolo-vitrine", str(notes), "--out", str(out), "--format", "yolo"]) == 1
    assert "nothing was answered" in capsys.readouterr().out
    assert not out.exists()


def test_thresholds_and_classes_are_those_of_the_command(photos: Path, tmp_path: Path) -> None:
    found = {}
    for name, words in {
        "all": [],
        "strict": ["--confidence", "0.6"],
        "trucks": ["--classes", "truck,car"],
        "small": ["--size", "256"],
    }.items():
        out = tmp_path / name
        call = ["yolo-vitrine", str(photos), "--out", str(out), "--format", "json", *words]
        assert main(call) == 0
        data = json.loads((out / "answers.json").read_text("utf-8"))
        found[name] = [(box["label"], box["score"]) for one in data for box in one["boxes"]]
    assert found["strict"] == [box for box in found["all"] if box[1] >= 0.6]
    assert found["trucks"] == [box for box in found["all"] if box[0] in ("truck", "car")]
    assert found["small"] != found["all"]
    assert 0 < len(found["strict"]) < len(found["all"])


def test_a_zip_in_and_a_zip_out(photos: Path, tmp_path: Path) -> None:
    packed = zipped(tmp_path / "in.zip", {p.name: p.read_bytes() for p in photos.iterdir()})
    out = tmp_path / "out.zip"
    words = ["yolo-vitrine", str(packed), "--out", str(out), "--format", "yolo", "--zip"]
    assert main(words) == 0
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [
            *("data.yaml", "images/bus.jpg", "images/zidane.jpg"),
            *("labels/bus.txt", "labels/zidane.txt"),
        ]
        assert archive.read("images/bus.jpg") == (photos / "bus.jpg").read_bytes()
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_an_earlier_export_is_replaced_and_nothing_else(photos: Path, tmp_path: Path) -> None:
    out = folder(tmp_path / "out", {"images/mine.jpg": b"mine"})
    words = ["--out", str(out), "--format", "yolo"]
    assert main(["yolo-vitrine", str(photos), *words]) == 2
    assert files(out) == ["images/mine.jpg"]
    assert main(["yolo-vitrine", str(photos), *words, "--overwrite"]) == 0
    assert {"images/bus.jpg", "labels/zidane.txt", "images/mine.jpg"} <= set(files(out))
    assert main(["yolo-vitrine", str(photos / "bus.jpg"), *words, "--overwrite"]) == 0
    assert files(out) == [
        *(".vitrine-export", "data.yaml", "images/bus.jpg", "images/mine.jpg", "labels/bus.txt")
    ]


def test_a_list_that_leads_outside_deletes_nothing(photos: Path, tmp_path: Path) -> None:
    """The list of an earlier export may have come with a stranger's folder."""
    mine = folder(tmp_path, {"mine.txt": b"mine"}) / "mine.txt"
    lines = f"../mine.txt\n{mine}\nimages/../../mine.txt\n"
    out = folder(tmp_path / "out", {".vitrine-export": lines.encode(), "images/a.jpg": b""})
    words = ["--out", str(out), "--format", "csv", "--overwrite"]
    assert main(["yolo-vitrine", str(photos / "bus.jpg"), *words]) == 0
    assert mine.read_bytes() == b"mine"


WRONG = {
    "nothing": ([], "are required"),
    "no format": (["yolo-vitrine", "{photos}", "--out", "{out}"], "--format"),
    "unknown model": (
        ["yolo-vitrin", "{photos}", "--out", "{out}", "--format", "coco"],
        r"no model “yolo-vitrin”; there are yolo-vitrine",
    ),
    "a generator": (
        ["dcgan-cifar10", "{photos}", "--out", "{out}", "--format", "json"],
        "dcgan-cifar10",
    ),
    "unknown format": (
        ["yolo-vitrine", "{photos}", "--out", "{out}", "--format", "xml"],
        "“xml” is not one of the formats; choose from annotated, coco",
    ),
    "a format that does not suit": (
        ["photo-101", "{photos}", "--out", "{out}", "--format", "yolo"],
        "“yolo” is not one of the formats; choose from annotated, csv, json",
    ),
    "unknown class": (
        ["yolo-vitrine", "{photos}", "--out", "{out}", "--format", "csv", "--classes", "dragon"],
        "“dragon” is not one of the classes",
    ),
    "confidence": (
        ["yolo-vitrine", "{photos}", "--out", "{out}", "--format", "csv", "--confidence", "2"],
        "confidence is 2",
    ),
    "no number": (
        ["yolo-vitrine", "{photos}", "--out", "{out}", "--format", "csv", "--iou", "much"],
        "--iou",
    ),
    "size": (
        ["yolo-vitrine", "{photos}", "--out", "{out}", "--format", "csv", "--size", "321"],
        "size is 321",
    ),
    "option of another task": (
        ["photo-101", "{photos}", "--out", "{out}", "--format", "csv", "--iou", "0.5"],
        "“photo-101” has no option --iou; it has --top-k",
    ),
    "no weights": (["resnet50", "{photos}", "--out", "{out}", "--format", "csv"], "resnet50"),
    "no such picture": (
        ["yolo-vitrine", "{photos}/no.jpg", "--out", "{out}", "--format", "csv"],
        r"no\.jpg” cannot be read",
    ),
    "no pictures": (
        ["yolo-vitrine", "{empty}", "--out", "{out}", "--format", "csv"],
        "There is no picture",
    ),
    "out is a file": (
        ["yolo-vitrine", "{photos}", "--out", "{photos}/bus.jpg", "--format", "csv"],
        r"“bus\.jpg” is a file",
    ),
    "out is a folder": (
        ["yolo-vitrine", "{photos}", "--out", "{empty}", "--format", "csv", "--zip"],
        "“empty” is a folder",
    ),
    "out is full": (
        ["yolo-vitrine", "{photos}", "--out", "{photos}", "--format", "csv"],
        "“photos” is not empty",
    ),
    "out holds the pictures": (
        ["yolo-vitrine", "{photos}", "--out", "{photos}", "--format", "csv", "--overwrite"],
        "holds the pictures themselves",
    ),
    "out cannot be written": (
        ["yolo-vitrine", "{photos}", "--out", "{photos}/bus.jpg/out", "--format", "csv"],
        "“out” cannot be written",
    ),
    "the ZIP cannot be written": (
        ["yolo-vitrine", "{photos}", "--out", "{photos}/no/o.zip", "--format", "csv", "--zip"],
        r"“o\.zip” cannot be written",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_status_2_and_one_sentence(
    case: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, sentence = WRONG[case]
    empty = tmp_path / "empty"
    empty.mkdir()
    places = {"photos": photos, "out": tmp_path / "out", "empty": empty}
    before = files(tmp_path)
    assert main([word.format(**places) for word in words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert re.search(sentence, printed.err), printed.err
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_limits_are_settings(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VITRINE_BATCH_PICTURES", "1")
    out = tmp_path / "out"
    assert main(["yolo-vitrine", str(photos), "--out", str(out), "--format", "csv"]) == 2
    assert "more than 1 pictures; choose fewer, or raise VITRINE_BATCH_PICTURES" in (
        capsys.readouterr().err
    )


def test_help_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in FORMATS.split(","))


@pytest.fixture
def many(tmp_path: Path) -> Path:
    return folder(tmp_path / "many", {f"{i:03d}.jpg": noise(i, (640, 480)) for i in range(150)})


def command(pictures: Path, out: Path, formats: str) -> list[str]:
    call = ["yolo-vitrine", str(pictures), "--out", str(out), "--format", formats]
    return [sys.executable, "-m", "demo.batch", *call]


@pytest.fixture
def running(many: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command at work on many pictures, some of which are written already."""
    process = subprocess.Popen(
        command(many, tmp_path / "out", "yolo,csv"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while len(list(tmp_path.glob("out/.*.part/labels/*"))) < 4:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def test_ctrl_c_writes_what_is_answered_and_nothing_half(
    running: "subprocess.Popen[str]", many: Path, tmp_path: Path
) -> None:
    running.send_signal(signal.SIGINT)
    printed, errors = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Stopping" in errors
    assert "Traceback" not in errors
    out = tmp_path / "out"
    counts = dict(re.findall(r"^(pictures|answered|not begun) +(\d+)$", printed, re.M))
    answered = int(counts["answered"])
    assert int(counts["pictures"]) == 150 == answered + int(counts["not begun"])
    images = sorted((out / "images").iterdir())
    assert 4 <= len(images) == answered < 150
    assert [p.name for p in images] == sorted(p.name for p in many.iterdir())[:answered]
    assert all(image.read_bytes() == (many / image.name).read_bytes() for image in images)
    assert [p.stem for p in sorted((out / "labels").iterdir())] == [p.stem for p in images]
    assert {"data.yaml", "answers.csv"} <= set(files(out))
    assert not list(out.glob("*.part"))


def test_a_second_signal_leaves_nothing(running: "subprocess.Popen[str]", tmp_path: Path) -> None:
    running.send_signal(signal.SIGSTOP)
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGTERM)
    running.send_signal(signal.SIGCONT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as of Linux")
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    """Forty more pictures of 6 MB decoded would be 230 MB, if they were kept."""
    peaks = []
    for count in (8, 48):
        pictures = {f"{i}.jpg": noise(i, (1600, 1200)) for i in range(count)}
        place = folder(tmp_path / str(count), pictures)
        program = (
            "import sys; from demo.batch.__main__ import main\n"
            "from tests.support.watch_memory import Peak\n"
            "peak = Peak(); status = main(sys.argv[1:]); print(); print(peak.grown_mb())\n"
            "sys.exit(status)"
        )
        words = command(place, tmp_path / f"out-{count}", FORMATS)[3:]
        ran = subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=200,
        )  # fmt: skip
        peaks.append(float(ran.stdout.splitlines()[-1]))
    assert peaks[1] - peaks[0] < 60, peaks


def test_the_small_test_picture_is_answered_too(tmp_path: Path) -> None:
    file = folder(tmp_path / "in", {"small.png": picture()}) / "small.png"
    out = tmp_path / "out"
    assert main(["yolo-vitrine", str(file), "--out", str(out), "--format", "coco"]) == 0
    data = json.loads((out / "coco.json").read_text("utf-8"))
    assert data["images"] == [{"id": 1, "file_name": "small.png", "width": 64, "height": 48}]
    assert data["categories"][0] == {"id": 1, "name": "person"}
