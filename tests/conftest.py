"""Fixtures: the data folder, a real server, and no silent skips in CI."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import ClassVar

import httpx
import hypothesis
import pytest

from demo.images.decode import _ignore_pillow_warnings
from demo.inference.local_engine import LocalEngine
from tests.support.finder import Finder, engine
from tests.support.preloaded import Preloaded

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

# The same examples in each run, and no files of earlier failures beside the project.
hypothesis.settings.register_profile("project", database=None, deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skipped test fails, unless it needs a GPU."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and "tests/gpu" not in str(item.path):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def ignore_pillow_warnings_again() -> None:
    """Let the decoder set its warning filter in each test: pytest resets it after each."""
    _ignore_pillow_warnings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of pictures, videos and weights next to the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"no data folder at {SHARED.name} beside the project")
    return SHARED


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Preloaded]:
    """Runs programs in processes that have imported torch already."""
    with Preloaded() as running:
        yield running


@pytest.fixture
def finder() -> Finder:
    """A small working detector that can be slowed down or made to fail."""
    return Finder()


@pytest.fixture
def desk(tmp_path: Path, finder: Finder) -> Iterator[LocalEngine]:
    """An engine that knows `finder`."""
    folder = tmp_path / "models"
    folder.mkdir()
    running = engine(folder, finder)
    yield running
    running.close()


class Server:
    """`python app.py` in a process of its own, without the settings of this one."""

    # A network that is converted meanwhile would take the place of another in the middle of a test.
    _ENVIRON: ClassVar = {
        "VITRINE_OFFLINE": "1",
        "VITRINE_PRECISION": "reference",
        "PYTHONFAULTHANDLER": "1",
    }

    def __init__(self, program: str = "app.py", **environ: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("VITRINE_", "GRADIO_"))}
        self.process = subprocess.Popen(
            [sys.executable, program],
            cwd=ROOT,
            env=kept | self._ENVIRON | {"GRADIO_SERVER_PORT": str(self.port)} | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self, seconds: float = 120) -> "Server":
        """Wait until the page answers."""
        end = time.monotonic() + seconds
        # Reading the certificates for each try would keep a core busy until the server is up.
        with httpx.Client(verify=False, timeout=5) as http:
            while time.monotonic() < end:
                if self.process.poll() is not None:
                    assert self.process.stdout is not None
                    raise RuntimeError(self.process.stdout.read())
                try:
                    if http.get(self.url).status_code == 200:
                        return self
                except httpx.TransportError:
                    time.sleep(0.1)
        raise TimeoutError("the page did not answer")

    def stop(self) -> str:
        """Stop it as a service manager does; returns its output."""
        self.process.send_signal(signal.SIGTERM)
        printed, _ = self.process.communicate(timeout=30)
        return printed

    def end(self) -> None:
        """Stop it unless `stop` has; pytest shows what it printed where the test has failed."""
        assert self.process.stdout is not None
        if self.process.stdout.closed:
            return
        died = self.process.poll()
        print(self.stop(), "" if died is None else f"It ended by itself, with status {died}.")


@pytest.fixture(scope="session")
def server(shared_data: Path) -> Iterator[Server]:
    """One server for the session, with the embedded weights and stand-ins of official ones."""
    running = Server(VITRINE_WEIGHTS=str(shared_data / "weights")).wait()
    yield running
    printed = running.stop()
    assert not re.search(r"Traceback", printed), printed


def free_port() -> int:
    """A free TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
