"""How the server starts and ends: one sentence for every fault, nothing left, nobody called."""

import errno
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from demo.errors import DemoError
from demo.serve import _cause
from tests.conftest import ROOT, Server, free_port
from tests.support.asgi_client import run

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
    ("host", "words"),
    [
        ("no-such-host.invalid", "unknown here"),
        ("192.0.2.77", "not an address of this machine"),
        ("x" * 70 + ".example", "unknown here"),
    ],
)
def test_a_host_that_cannot_be_listened_on_is_not_called_a_taken_port(
    host: str, words: str
) -> None:
    ran = start(GRADIO_SERVER_NAME=host, GRADIO_SERVER_PORT=str(free_port()))
    assert ran.returncode == 2
    assert words in ran.stderr
    assert host in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_port_that_this_user_may_not_open_is_told_as_that() -> None:
    assert _cause(PermissionError(errno.EACCES, "")) == "port_not_allowed"
    assert _cause(OSError(errno.EADDRINUSE, "")) == "port_in_use"


@pytest.mark.parametrize(
    ("arguments", "environ", "word"),
    [
        ([], {"GRADIO_SERVER_PORT": "high"}, "high"),
        ([], {"GRADIO_SERVER_PORT": "70000"}, "70000"),
        ([], {"GRADIO_ROOT_PATH": "vitrine"}, "GRADIO_ROOT_PATH"),
        ([], {"VITRINE_CACHE": "~nobody-here/x"}, "VITRINE_CACHE"),
        ([], {"VITRINE_MAX_SIDE": "wide"}, "VITRINE_MAX_SIDE"),
        ([], {"VITRINE_WEIGHTS": "/no/such/folder"}, "VITRINE_WEIGHTS"),
        (["--shar"], {}, "--shar"),
        (["--port"], {}, "--port"),
        (["--port", "high"], {}, "high"),
        (["--weights", "/no/such/folder"], {}, "folder"),
        (["--model", "none.pt"], {}, "none.pt"),
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


def test_a_missing_folder_is_told_before_torch_is_imported() -> None:
    program = """
        import sys
        from demo.serve import serve
        print(serve({"VITRINE_WEIGHTS": "/no/such/folder"}, []), "torch" in sys.modules)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == "2 False\n"
    assert "folder" in ran.stderr


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


def keep_open(url: str, started: threading.Event) -> None:
    """An event stream that never ends, as each open page has one."""
    try:
        with httpx.stream("GET", f"{url}/gradio_api/heartbeat/{id(started)}", timeout=60) as stream:
            for _ in stream.iter_lines():
                started.set()
    except httpx.TransportError:
        return


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_although_streams_are_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    server = Server(TMPDIR=str(tmp_path)).wait()
    started = threading.Event()
    reader = threading.Thread(target=keep_open, args=(server.url, started))
    reader.start()
    assert started.wait(10)
    half = b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n"
    kind = b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    with (
        connect(f"ws://127.0.0.1:{server.port}/live") as camera,
        socket.create_connection(("127.0.0.1", server.port)) as upload,
    ):
        assert "start" in str(camera.recv(10))
        upload.sendall(half + kind)
        start = time.monotonic()
        server.process.send_signal(number)
        printed, _ = server.process.communicate(timeout=30)
        # Below 1 s on an idle machine; without an end of the streams it takes for ever.
        assert time.monotonic() - start < 4
    reader.join()
    assert server.process.returncode == 0
    assert printed == f"* Running on local URL:  {server.url}\n"
    assert not list(tmp_path.glob("*"))


def test_a_public_link_without_a_network_is_one_sentence(tmp_path: Path) -> None:
    program = tmp_path / "shared.py"
    code = """
        import os, runpy, sys
        sys.path.insert(0, os.getcwd())
        sys.argv = ["app.py", "--share"]
        runpy.run_path("app.py", run_name="__main__")
    """
    program.write_text(textwrap.dedent(code), "utf-8")
    nowhere = f"http://127.0.0.1:{free_port()}"
    server = Server(str(program), HTTPS_PROXY=nowhere, https_proxy=nowhere, NO_PROXY="").wait()
    time.sleep(5)
    assert httpx.get(f"{server.url}/config").status_code == 200
    printed = server.stop().splitlines()
    assert printed[0] == f"* Running on local URL:  {server.url}"
    assert len(printed) == 2
    assert "no public link" in printed[1]


def test_a_space_has_its_address_already(monkeypatch: pytest.MonkeyPatch) -> None:
    import gradio as gr

    from demo.asgi.public_link import open_public_link

    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("SPACE_ID", "somebody/vitrine")

    async def share() -> str:  # outside of a loop, gradio opens one that it never closes
        return open_public_link(gr.Blocks(analytics_enabled=False), "127.0.0.1", 7860)

    with pytest.raises(DemoError) as refused:
        run(share())
    assert refused.value.key == "public_link_on_space"
