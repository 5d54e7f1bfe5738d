"""Fixtures: the servers under attack, each in a process and a folder of its own."""

import resource
from collections.abc import Iterator

import pytest

from tests.hostile import servers
from tests.hostile.target import Target


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The application as it is started by default."""
    yield from _running(servers.good(tmp_path_factory.mktemp("application")))


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The application behind a proxy, with low limits."""
    yield from _running(servers.good(tmp_path_factory.mktemp("limited"), limited=True))


@pytest.fixture(scope="class")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The application without its guards."""
    yield from _leaking(servers.leaking(tmp_path_factory.mktemp("leaking")))


@pytest.fixture(scope="class")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The same with low limits that nothing enforces."""
    yield from _leaking(servers.leaking(tmp_path_factory.mktemp("unlimited"), limited=True))


@pytest.fixture(scope="session", autouse=True)
def many_open_files() -> Iterator[None]:
    """Attackers open more files than a shell allows by default."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _leaking(target: Target) -> Iterator[Target]:
    try:
        yield target.wait()
    finally:
        target.kill()


def _running(target: Target) -> Iterator[Target]:
    try:
        yield target.wait()
    finally:
        target.stop()
