import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from demo.export import replay
from demo.service import examples
from tests.support.preloaded import Preloaded

ROOT = Path(__file__).resolve().parents[2]
URL = "https://example.org/x'); import os; ('"


class Asked(BaseHTTPRequestHandler):
    """Answers every request with what it asks for."""

    def do_POST(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["content-length"]))
        facts = {"path": parts.path, "options": parse_qsl(parts.query), "body": body.decode()}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(facts).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Of a server that says what it was asked for."""
    server = HTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


OPTIONS: list[tuple[str, object]] = [
    ("model", "'); raise SystemExit  # \n"),
    ("confidence", 0.1),
    ("top_k", 3),
    ("classes", ('say "hi"', "手機\n")),
]
ASKED = [
    ["model", "'); raise SystemExit  # \n"],
    ["confidence", "0.1"],
    ["top_k", "3"],
    ["classes", 'say "hi"'],
    ["classes", "手機\n"],
]


@pytest.mark.parametrize("name", ["my 'cat'.jpg", 'my "cat"; $HOME.jpg', "猫.jpg", "-.jpg"])
def test_the_script_and_its_line_of_curl_ask_the_same(
    name: str, address: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("pixels")
    text = replay.rest_script(address, "detect", OPTIONS, name)
    first = text.splitlines()[0].removeprefix("# ")
    assert first.startswith("curl --data-binary ")
    for command in ([sys.executable, "-c", text], ["bash", "-c", f"{first} --silent"]):
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        facts = json.loads(ran.stdout)
        assert facts == {"path": "/api/v1/detect", "options": ASKED, "body": "pixels"}


def test_nothing_of_a_name_or_an_address_leaves_its_line() -> None:
    text = replay.rest_script(f"{URL}\nimport os", "detect", [], "a\nimport os\r\u2028x.jpg")
    assert "\nimport os" not in text
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    assert [one.names[0].name for one in imports] == ["json"]


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
        replay.rest_script(URL, "detect", [("model", value)])


def test_no_value_becomes_another_literal() -> None:
    class Other(CodeString):
        def __repr__(self) -> str:
            return "'dog'"

    with pytest.raises(ValueError, match="expected a literal of cat, got 'dog'"):
        replay.rest_script(URL, "detect", [("model", Other("cat"))])


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", range(3)])
def test_only_plain_values_are_written(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        replay.rest_script(URL, "detect", [("model", value)])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_only_finite_numbers_are_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        replay.rest_script(URL, "detect", [("confidence", value)])


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
def test_a_local_script_runs_in_the_projects_folder(
    text: str, line: str, preloaded: Preloaded, tmp_path: Path
) -> None:
    bus = next(path for path in examples.paths() if path.name == "bus.jpg")
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    (tmp_path / "weights").symlink_to(ROOT / "weights")
    (tmp_path / "bus.jpg").symlink_to(bus)
    (tmp_path / "script.py").write_text(text, "utf-8")
    environ = {**os.environ, "VITRINE_OFFLINE": "1", "VITRINE_CACHE": str(tmp_path / "cache")}
    ran = preloaded.run(["script.py"], tmp_path, environ)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert line in ran.stdout
