"""A server in a process of its own, and what it did while it was attacked."""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.conftest import ROOT, free_port
from tests.support.watched import Watched

HERE = Path(__file__).parent
SECRET = "canary-5e0c1d"
"""Stands in every file that nobody may read through the server."""
_OPEN_FILES = 1024
"""Limit of open files of a server, as login shells have it."""


@dataclass
class Seen:
    """What the server did inside a block.

    Attributes:
        files: names of the canary files that were opened, by any library.
        sockets: addresses that Python code asked for, and connections that reached the canary.
        processes: programs that were started.
    """

    files: list[str] = field(default_factory=list)
    sockets: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)


@dataclass
class Growth:
    """Resident memory beyond that at the start of the block: its peak and its end, MB."""

    peak_mb: float = 0.0
    mb: float = 0.0

    @property
    def passing_mb(self) -> float:
        """What was freed again before the end of the block; the rest may be kept for a moment."""
        return self.peak_mb - max(self.mb, 0.0)


class Target:
    """`python app.py`, or another program, with a private folder and a limit of open files."""

    def __init__(self, folder: Path, program: str = "app.py", **environ: str) -> None:
        self.folder = folder
        self.canary = folder / "canary"
        self.temporary = folder / "tmp"
        for made in (self.canary, self.temporary):
            made.mkdir(exist_ok=True)
        (self.canary / "secret.txt").write_text(SECRET)
        self._log = folder / "audit.log"
        self._log.touch()
        self._listener = CanaryListener()
        self.canary_port = self._listener.port
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.program = program
        self.hostile_models: list[str] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("VITRINE_", "GRADIO_"))}
        self._environ = kept | {
            "GRADIO_SERVER_PORT": str(self.port),
            "VITRINE_OFFLINE": "1",
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(HERE / "audit"),
            "AUDIT_LOG": str(self._log),
            "AUDIT_FOLDER": str(self.canary),
            "CANARY": str(self.canary),
            **environ,
        }
        self.start()

    def start(self) -> None:
        """Start the process, without waiting for the page."""
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, self.program],
                cwd=ROOT,
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))

    def wait(self, seconds: float = 120) -> "Target":
        """Wait until the page answers."""
        end = time.monotonic() + seconds
        # Reading the certificates for each try would keep a core busy until the server is up.
        with httpx.Client(verify=False, timeout=5) as http:
            while time.monotonic() < end:
                if self.process.poll() is not None:
                    raise RuntimeError(self.output())
                try:
                    if http.get(self.url).status_code == 200:
                        return self
                except httpx.TransportError:
                    time.sleep(0.1)
        raise TimeoutError(f"the page did not answer: {self.output()}")

    def stop(self) -> None:
        """Stop the process and forget the canary's port."""
        self._listener.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def kill(self) -> None:
        """End the process, which may hold streams that never end, and forget the port."""
        self._listener.close()
        self.process.kill()
        self.process.wait(30)

    def restart(self) -> None:
        """Start over, without the work that the process is still at."""
        self.process.kill()
        self.process.wait(30)
        self.start()
        self.wait()

    def output(self) -> str:
        """What the process has printed."""
        return (self.folder / "output.log").read_text(errors="replace")

    def ping_s(self, timeout: float = 30) -> float:
        """Seconds of one request from an address of its own; `timeout` where none came."""
        transport = httpx.HTTPTransport(verify=False, local_address="127.0.0.9")
        start = time.perf_counter()
        with httpx.Client(transport=transport, timeout=timeout) as http:
            try:
                http.get(f"{self.url}/theme.css").raise_for_status()
            except httpx.HTTPError:
                return timeout
        return time.perf_counter() - start

    def stored(self) -> set[Path]:
        """All files in the temporary folder but the settings of libraries."""
        paths = (path for path in self.temporary.rglob("*") if "settings" not in path.parts)
        return {path for path in paths if path.is_file()}

    def stored_mb(self) -> float:
        """Size of all these files, MB."""
        size_bytes = 0
        for path in self.stored():
            # The server may delete it meanwhile.
            with suppress(FileNotFoundError):
                size_bytes += path.stat().st_size
        return size_bytes / 1e6

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """Note what the server opens, connects to and starts inside the block."""
        seen = Seen()
        before = self._log.stat().st_size
        connections = self._listener.count
        with Watched(self.canary) as opened:
            yield seen
            time.sleep(0.1)
        seen.files += opened.names
        with self._log.open("rb") as log:
            log.seek(before)
            for line in log.read().decode(errors="replace").splitlines():
                kind, _, what = line.partition(" ")
                {"file": seen.files, "socket": seen.sockets, "process": seen.processes}[
                    kind
                ].append(what)
        seen.sockets += ["the canary"] * (self._listener.count - connections)

    @contextmanager
    def measured(self) -> Iterator[Growth]:
        """Measure the growth of the resident memory inside the block."""
        growth = Growth()
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # resets the peak
        before = self.memory_mb("VmRSS")
        yield growth
        growth.peak_mb = self.memory_mb("VmHWM") - before
        growth.mb = self.memory_mb("VmRSS") - before

    def memory_mb(self, name: str = "VmRSS") -> float:
        """A figure of /proc/PID/status, MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise ValueError(f"expected {name} in the status of the process")


class CanaryListener:
    """A port of this machine that counts who connects to it."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._socket.getsockname()[1])
        self.count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close the port."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:  # closed
                return
            self.count += 1
            peer.close()
