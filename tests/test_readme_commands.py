"""Every command and snippet of the README, run as it is printed from a copy of the project.

Words in capitals are filled in; a little is added where a run would take long. What is not run
stands in `NOT_RUN`, with the reason.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import mobilenet_v3_small

from demo.service import examples
from tests.conftest import free_port
from tests.lab.conftest import write_data
from tests.support import checkout, checkpoints
from tests.support.clips import encode, square
from tests.test_readme import CHINESE, ENGLISH, commands, fences

MEASURES = "it measures for minutes; tests/test_missing.py starts it"
REWRITES = "it rewrites weights/; tests/lab/publish runs it on small data"
NOT_RUN = {
    **{
        f"python -m benchmarks.{name}": MEASURES
        for name in (
            *(
                "camera",
                "camera_soak",
                "crashes",
                "detect_http",
                "explain --data FOLDER --photos 9",
            ),
            *("gpu", "interactive", "load", "mutations", "page", "precision", "rest"),
            *("rest --fast", "start", "tracking", "video", "video_memory"),
        )
    },
    "python -m benchmarks": "it measures for hours; tests/benchmarks/test_runner.py has its parts",
    "python -m benchmarks --quick": "it starts every server and browser there is",
    "python -m demo.lab calibrate efficientnet_lite0 --data FOLDER": REWRITES,
    "python -m demo.lab calibrate photo-101 --data FOLDER": REWRITES,
    "python -m demo.lab prune photo-101 --data FOLDER": REWRITES,
    "python -m demo.lab publish RECIPE --data FOLDER": REWRITES,
    "python -m demo.weights fetch NAME": "it needs the network; tests/inference has a server",
    "python app.py --share": "it needs the network",
    "pip install -r requirements.txt && python app.py": "it installs; the second half is run",
    "pip install -r requirements-dev.txt && python -m pytest": "it installs, and runs this test",
}
NOT_RUN_BLOCKS = {
    "pip install torch==": "it installs",
    "git clone . ../vitrine-space": "it needs git-lfs and a Space",
}
"""How a block begins that is not run → why."""
ENDS = {
    "python -m benchmarks.structure": ({}, ""),
    "python -m demo.batch MODEL PICTURES --out FOLDER --format yolo,csv": (
        {"MODEL": "yolo-vitrine", "PICTURES": "street.jpg", "FOLDER": "answers"},
        "",
    ),
    "python -m demo.inference.quantize NAME --data FOLDER": (
        {"NAME": "cnn-cifar10", "FOLDER": "pictures"},
        "--to pictures",
    ),
    "python -m demo.lab evaluate MODEL DATASET --data FOLDER": (
        {"MODEL": "cnn-cifar10", "DATASET": "cifar10", "FOLDER": "data"},
        "--threads 1",
    ),
    "python -m demo.lab list": ({}, ""),
    "python -m demo.lab overview": ({}, ""),
    "python -m demo.lab train RECIPE --data FOLDER": (
        {"RECIPE": "cnn-cifar10", "FOLDER": "data"},
        "--epochs 1 --threads 1",
    ),
    "python -m demo.live SOURCE --model NAME": ({"SOURCE": "in.mp4", "NAME": "cnn-cifar10"}, ""),
    "python -m demo.video IN OUT --model NAME": (
        {"IN": "in.mp4", "OUT": "out.mp4", "NAME": "cnn-cifar10"},
        "",
    ),
    "python -m demo.weights check FILE…": ({"FILE…": "best.pt"}, ""),
    "python -m demo.weights describe FILE": ({"FILE": "birds.safetensors"}, ""),
    "python app.py --help": ({}, ""),
}
"""Command → what its words stand for, and what is added."""
SERVE = {
    "VITRINE_HOSTS=vision.example.org VITRINE_PROXIES=127.0.0.1 python app.py": {},
    "python app.py": {},
    "python app.py --host 0.0.0.0": {},
    "python app.py --model FILE": {"FILE": "best.pt"},
    "python app.py --model best.pt": {},
}
"""Command of a server → what its words stand for."""
PLAIN = "python app.py"
"""The one of them that is started for the snippets."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which there is what the words of the commands stand for."""
    folder = checkout.copy(tmp_path_factory.mktemp("clone") / "vitrine")
    checkpoints.save(checkpoints.network("yolo11n", ["cat", "dog"]), folder / "best.pt")
    torch.manual_seed(0)
    for name in ("birds", "garden"):
        save_file(mobilenet_v3_small(num_classes=3).state_dict(), folder / f"{name}.safetensors")
    encode(folder / "in.mp4", [square(index) for index in range(10)])
    write_data(folder / "data")
    shutil.copy(examples.paths()[0], folder / "street.jpg")
    (folder / "pictures").mkdir()
    for path in examples.paths():
        shutil.copy(path, folder / "pictures")
    return folder


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return checkout.environment(tmp_path_factory.mktemp("home"), PATH=path)


def filled(command: str, words: dict[str, str]) -> str:
    """The command with other words in place of those in capitals."""
    for word, value in words.items():
        assert word in command.split()
        command = " ".join(value if part == word else part for part in command.split())
    return command


def starters() -> set[str]:
    """The commands of servers, filled in: two that say the same are one."""
    return {filled(command, words) for command, words in SERVE.items()}


def shell(text: str, folder: Path, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    ran = subprocess.run(
        ["bash", "-euc", text],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


class Serving:
    """A server that a command starts, in a group of processes of its own."""

    def __init__(self, command: str, folder: Path, environ: dict[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            ["bash", "-euc", command],
            cwd=folder,
            env={**environ, "GRADIO_SERVER_PORT": str(port)},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self, seconds: float = 150) -> None:
        """Wait until the page answers."""
        end = time.monotonic() + seconds
        with httpx.Client(verify=False, timeout=10) as http:
            while time.monotonic() < end:
                assert self._process.poll() is None
                try:
                    assert "Vitrine" in http.get(self.url).raise_for_status().text
                except httpx.TransportError:
                    time.sleep(0.2)
                else:
                    return
        raise TimeoutError(f"no page within {seconds:g} s")

    def stop(self) -> None:
        """Stop it as a terminal does; one that goes on is killed, and an error."""
        os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise


@pytest.fixture(scope="module")
def url(clone: Path, environ: dict[str, str]) -> Iterator[str]:
    """The address of a server for the snippets that ask one."""
    server = Serving(PLAIN, clone, environ)
    try:
        server.wait()
        yield server.url
    finally:
        server.stop()


def blocks(language: str) -> list[str]:
    """Fenced blocks of a language that are run."""
    found = [code.strip() for name, code in fences(ENGLISH) if name == language]
    kept = [code for code in found if code not in NOT_RUN]
    return [code for code in kept if not code.startswith(tuple(NOT_RUN_BLOCKS))]


def test_every_command_is_run_or_excepted_by_name() -> None:
    whole = {code.strip() for _, code in fences(ENGLISH)}
    printed = set(commands(ENGLISH)) | {code for code in whole if code in NOT_RUN}
    assert set(NOT_RUN) | set(ENDS) | set(SERVE) == printed
    assert all(any(code.startswith(start) for code in whole) for start in NOT_RUN_BLOCKS)
    assert {name for name, _ in fences(ENGLISH)} == {"", "python", "toml"}
    assert commands(CHINESE) == commands(ENGLISH)


@pytest.mark.parametrize("command", ENDS)
def test_a_command_that_ends(command: str, clone: Path, environ: dict[str, str]) -> None:
    words, more = ENDS[command]
    printed = shell(f"{filled(command, words)} {more}", clone, environ).stdout
    assert printed.strip()


def test_the_plain_command_serves(url: str) -> None:
    assert "Vitrine" in httpx.get(url).text


@pytest.mark.parametrize("command", sorted(starters() - {PLAIN}))
def test_a_command_that_serves(command: str, clone: Path, environ: dict[str, str]) -> None:
    server = Serving(command, clone, environ)
    try:
        server.wait()
    finally:
        server.stop()


@pytest.mark.parametrize("block", blocks("python"))
def test_a_snippet_of_python(block: str, clone: Path, environ: dict[str, str], url: str) -> None:
    asked = block.replace("http://127.0.0.1:7860", url)
    assert asked != block
    program = f"import json\n{asked}\nprint(json.dumps(answer))\n"
    (clone / "snippet.py").write_text(program, "utf-8")
    printed = shell("python snippet.py", clone, environ).stdout.splitlines()
    answer = json.loads(printed[-1])
    assert answer["model"] == "yolo-vitrine"
    assert len(answer["boxes"]) >= 3


@pytest.mark.parametrize("line", [line for code in blocks("") for line in code.splitlines()])
def test_a_request_of_curl(line: str, clone: Path, environ: dict[str, str], url: str) -> None:
    assert line.startswith("curl ")
    asked = line.replace("http://127.0.0.1:7860", url)
    assert asked != line
    answer = json.loads(shell(asked, clone, environ).stdout)
    if "model=yolo11n-seg" in line:
        # Its weights do not come with the project: a refusal is a problem in JSON (RFC 9457).
        assert "yolo11n-seg" in answer["detail"]
        return
    assert "detail" not in answer
    assert {"answers", "boxes", "drawn", "method", "precisions"} & set(answer)


@pytest.mark.parametrize("block", blocks("toml"))
def test_a_description_of_a_model(block: str, clone: Path, environ: dict[str, str]) -> None:
    (clone / "garden.toml").write_text(block, "utf-8")
    printed = shell("python -m demo.weights check garden.safetensors", clone, environ).stdout
    assert "robin, sparrow, tit" in printed
