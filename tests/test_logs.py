import logging
from collections.abc import Iterator

import pytest

from demo import logs


@pytest.fixture(autouse=True)
def before() -> Iterator[None]:
    logger = logging.getLogger("demo")
    handlers, level = logger.handlers, logger.level
    yield
    logger.handlers, logger.level = handlers, level


def test_a_record_has_time_level_logger_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("demo.room.module").info("a %s thing", "small")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(" INFO demo.room.module: a small thing\n")
    assert err[:4].isdigit()


@pytest.mark.parametrize(
    ("level", "written"),
    [("error", "e"), ("warning", "we"), ("info", "iwe"), ("debug", "diwe")],
)
def test_levels(level: str, written: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level)
    logger = logging.getLogger("demo.room")
    logger.debug("d")
    logger.info("i")
    logger.warning("w")
    logger.error("e")
    assert "".join(line[-1] for line in capsys.readouterr().err.splitlines()) == written


def test_other_libraries_stay_as_they_are_and_nothing_is_written_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("debug")
    logs.configure("debug")
    logging.getLogger("elsewhere").info("not ours")
    logging.getLogger("demo").info("ours")
    assert capsys.readouterr().err.count("\n") == 1
    assert logging.getLogger().level == logging.WARNING
