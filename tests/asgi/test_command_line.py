from pathlib import Path

import pytest

from demo.asgi.command_line import parse
from demo.errors import DemoError


def test_options_stand_in_the_place_of_variables() -> None:
    environ = {"GRADIO_SERVER_PORT": "1", "HOME": "/root"}
    options = parse(["--host", "0.0.0.0", "--port", "8000", "--weights", "mine"], environ)
    assert options.environ == {
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": "8000",
        "VITRINE_WEIGHTS": "mine",
        "HOME": "/root",
    }
    assert environ["GRADIO_SERVER_PORT"] == "1"
    assert (options.share, options.model) == (False, None)


def test_without_options_the_variables_stand() -> None:
    assert parse([], {"GRADIO_SERVER_PORT": "1"}).environ == {"GRADIO_SERVER_PORT": "1"}


@pytest.mark.parametrize("form", [["--model", "{}"], ["--model={}"]])
def test_a_model_and_a_public_link(tmp_path: Path, form: list[str]) -> None:
    file = tmp_path / "best.pt"
    file.write_bytes(b"x")
    options = parse(["--share", *(part.format(file) for part in form)], {})
    assert (options.share, options.model) == (True, file)


@pytest.mark.parametrize("arguments", [["--shar"], ["x"], ["--host"], ["--model", "none.pt"]])
def test_what_is_wrong_is_named(arguments: list[str]) -> None:
    with pytest.raises(DemoError) as caught:
        parse(arguments, {})
    assert arguments[-1] in str(caught.value)


def test_the_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"], {})
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    for option in ("--host", "--port", "--weights", "--model", "--share"):
        assert option in printed
