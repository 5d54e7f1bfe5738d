import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from demo.export import replay
from demo.service import examples

ROOT = Path(__file__).resolve().parents[2]
URL = "https://example.org/x'); import os; ('"


class Recorder:
    """Stands in for gradio_client: records the call of a script."""

    call: dict[str, Any]

    def __init__(self, url: str) -> None:
        Recorder.call = {"url": url}

    def predict(self, **kwargs: Any) -> str:
        Recorder.call |= kwargs
        return "answer"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = ModuleType("gradio_client")
    vars(fake).update(Client=Recorder, handle_file=lambda path: {"path": path})
    monkeypatch.setitem(sys.modules, "gradio_client", fake)


@pytest.mark.usefixtures("client")
def test_the_client_script_sends_the_given_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    kwargs = {
        "model": "'); raise SystemExit  # \n",
        "confidence": 0.1,
        "top_k": 3,
        "classes": ['say "hi"', "手機\n"],
        "deep": {"a": [None, True], "b": ()},
    }
    exec(replay.replay_client(URL, "/detect", kwargs, 'my "cat".jpg'), {})
    assert Recorder.call == {
        "url": URL,
        "image": {"path": 'my "cat".jpg'},
        "api_name": "/detect",
        **kwargs,
    }
    assert capsys.readouterr().out == "answer\n"


def test_gradio_client_has_what_the_script_imports() -> None:
    module = importlib.import_module("gradio_client")
    assert callable(module.Client)
    assert callable(module.handle_file)


class CodeString(str):
    """A string whose `repr` is code."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('os')"


@pytest.mark.parametrize(
    "value", [CodeString("cat"), ["dog", CodeString("cat")], {"a": CodeString("cat")}]
)
def test_no_value_becomes_code(value: object) -> None:
    with pytest.raises(ValueError, match="malformed node"):
        replay.replay_client(URL, "/detect", {"model": value})


def test_no_value_becomes_another_literal() -> None:
    class Other(CodeString):
        def __repr__(self) -> str:
            return "'dog'"

    with pytest.raises(ValueError, match="expected a literal of cat, got 'dog'"):
        replay.replay_client(URL, "/detect", {"model": Other("cat")})


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", range(3)])
def test_only_plain_values_are_written(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        replay.replay_client(URL, "/detect", {"model": value})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_only_finite_numbers_are_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        replay.replay_client(URL, "/detect", {"confidence": value})


@pytest.mark.parametrize("name", ["a b", "class", "x=1, y", ""])
def test_only_names_are_written_as_arguments(name: str) -> None:
    with pytest.raises(ValueError, match="expected the name of an argument"):
        replay.replay_client(URL, "/detect", {name: 1})


@pytest.mark.parametrize("classes", [(), ("dog",), ("dog", 'say "hi"')])
def test_the_local_detection_script_holds_the_parameters(classes: tuple[str, ...]) -> None:
    text = replay.replay_local_detections("yolo11n", 0.25, 0.7, classes, 640, "a'b.jpg")
    compile(text, "script", "exec")
    assert f"found = answer.result.select(0.25, {classes!r})" in text
    assert "engine.run('yolo11n', ImageRequest(picture.rgb, 640))" in text
    assert 'Path("a\'b.jpg")' in text
    assert "boxes.nms(found, 0.7)" in text


def test_the_local_score_script_holds_the_parameters() -> None:
    text = replay.replay_local_scores("cnn", 5)
    compile(text, "script", "exec")
    assert "engine.run('cnn', ImageRequest(picture.rgb, None))" in text
    assert "answer.result.top(5)" in text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (replay.replay_local_detections("yolo-vitrine", 0.5, 0.7, (), None, "bus.jpg"), "person"),
        (replay.replay_local_scores("photo-101", 3, "bus.jpg"), "0."),
    ],
)
def test_a_local_script_runs_in_the_projects_folder(text: str, line: str, tmp_path: Path) -> None:
    bus = next(path for path in examples.paths() if path.name == "bus.jpg")
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    (tmp_path / "weights").symlink_to(ROOT / "weights")
    (tmp_path / "bus.jpg").symlink_to(bus)
    (tmp_path / "script.py").write_text(text, "utf-8")
    environ = {**os.environ, "VITRINE_OFFLINE": "1", "VITRINE_CACHE": str(tmp_path / "cache")}
    ran = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert line in ran.stdout
