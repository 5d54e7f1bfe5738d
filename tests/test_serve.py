"""How the server starts and ends: one sentence for every fault, nothing left, nobody called."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Server, free_port

WATCHED = """
import os, runpy, sys
sys.path.insert(0, os.getcwd())
def hook(event, args):
    if event == "socket.getaddrinfo" and args[0] not in (None, "", b"", "127.0.0.1", "0.0.0.0"):
        print("LOOKUP", args[0], flush=True)
    if event == "socket.connect" and str(args[1][0]) != "127.0.0.1":
        print("CONNECT", args[1], flush=True)
sys.addaudithook(hook)
sys.argv = ["app.py"]
runpy.run_path("app.py", run_name="__main__")
"""


def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VITRINE_", "GRADIO_"))}
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env=kept | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = start(GRADIO_SERVER_PORT=str(port))
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert str(port) in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "environ", "word"),
    [
        ([], {"GRADIO_SERVER_PORT": "high"}, "high"),
        ([], {"GRADIO_SERVER_PORT": "70000"}, "70000"),
        ([], {"VITRINE_MAX_SIDE": "wide"}, "VITRINE_MAX_SIDE"),
        ([], {"VITRINE_WEIGHTS": "/no/such/folder"}, "VITRINE_WEIGHTS"),
        (["--shar"], {}, "--shar"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    arguments: list[str], environ: dict[str, str], word: str
) -> None:
    ran = start(*arguments, **{"GRADIO_SERVER_PORT": str(free_port())} | environ)
    assert ran.returncode == 2
    assert word in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_offline_it_starts_without_a_look_up_and_leaves_nothing(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = tmp_path / "watched.py"
    program.write_text(WATCHED, "utf-8")
    server = Server(program=str(program), TMPDIR=str(temporary)).wait()
    assert httpx.get(f"{server.url}/config").status_code == 200
    folders = list(temporary.glob("vitrine-*"))
    assert len(folders) == 1
    httpx.post(f"{server.url}/gradio_api/upload", files={"files": ("a.jpg", b"x")})
    assert list(folders[0].rglob("a.jpg"))
    printed = server.stop()
    assert "LOOKUP" not in printed, printed
    assert "CONNECT" not in printed, printed
    assert "Traceback" not in printed, printed
    assert not list(temporary.glob("vitrine-*"))
