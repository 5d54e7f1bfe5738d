"""The measured servers: this application and an ordinary Gradio app."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from benchmarks.needs import WEIGHTS

ROOT = Path(__file__).resolve().parents[1]
_TURN_S, _QUIET_TURNS, _IDLE_SHARE = 1.0, 3, 0.15
"""A server is idle that uses less than this share of a core in so many turns in a row."""
ORDINARY = """
import torch, gradio as gr
from PIL import Image
from ultralytics import YOLO
model = YOLO({weights!r})
def detect(image):
    drawn = model.predict(image, imgsz=640, verbose=False)[0].plot()
    return Image.fromarray(drawn[..., ::-1])
gr.Interface(detect, gr.Image(type="pil"), gr.Image(type="pil"), api_name="detect").launch(
    server_port={port}, quiet=True)
"""
"""The example of both libraries' guides: a PIL picture in, `plot()` out, all defaults."""


@contextmanager
def running(
    ordinary: bool, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a server on a free port, wait for its page, stop it at the end.

    environ: more variables for it. Without them it has the weights of the data folder, if any.
    """
    environ = environ or {}
    port = int(environ.get("GRADIO_SERVER_PORT") or free_port())
    weights = str(WEIGHTS / "yolo11n.pt")
    command = [sys.executable, "app.py"]
    if ordinary:
        command = [sys.executable, "-c", ORDINARY.format(weights=weights, port=port)]
    variables = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "VITRINE_WEIGHTS": str(WEIGHTS) if WEIGHTS.is_dir() else "",
        "VITRINE_OFFLINE": "1",
        "YOLO_OFFLINE": "true",
        **environ,
    }
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait(url, process)
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def free_port() -> int:
    """A free TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(url: str, process: subprocess.Popen[bytes], seconds: float = 120) -> float:
    """Seconds until the page answered. Raises RuntimeError if the server ends before."""
    start = time.perf_counter()
    # Reading the certificates for each try would keep a core busy until the server is up.
    with httpx.Client(verify=False, timeout=5) as http:
        while time.perf_counter() - start < seconds:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}")
            try:
                if http.get(url).status_code == 200:
                    return time.perf_counter() - start
            except httpx.TransportError:
                time.sleep(0.02)
    raise TimeoutError(f"no page within {seconds} s")


def wait_until_idle(process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    """Wait until the server prepares nothing in the background any more.

    Raises TimeoutError for one that goes on using the processor.
    """
    end = time.perf_counter() + seconds
    quiet = 0
    while quiet < _QUIET_TURNS:
        if time.perf_counter() > end:
            raise TimeoutError(f"the server was not idle within {seconds} s")
        before = _used_s(process.pid)
        time.sleep(_TURN_S)
        quiet = quiet + 1 if _used_s(process.pid) - before < _IDLE_SHARE * _TURN_S else 0


def _used_s(pid: int) -> float:
    """Seconds of processor time of a process and of all that it has started."""
    server = psutil.Process(pid)
    used = 0.0
    for one in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            used += sum(one.cpu_times()[:2])
    ended: float = sum(server.cpu_times()[2:4])
    return used + ended
