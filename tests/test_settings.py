import pytest

from demo.errors import DemoError
from demo.settings import Settings


def test_defaults_are_the_documented_limits() -> None:
    settings = Settings.from_env({})
    assert (settings.max_megapixels, settings.max_side, settings.max_file_mb) == (25, 8192, 20)
    assert settings.keep_minutes == 10


def test_every_variable_is_read() -> None:
    settings = Settings.from_env(
        {
            "VITRINE_WEIGHTS": "/w",
            "VITRINE_OFFLINE": "1",
            "VITRINE_DEVICE": "cpu",
            "VITRINE_MAX_SIDE": "100",
            "VITRINE_THREADS": "3",
        }
    )
    assert str(settings.weights_dir) == "/w"
    assert settings.offline
    assert (settings.device, settings.max_side, settings.threads) == ("cpu", 100, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VITRINE_MAX_SIDE", "big"),
        ("VITRINE_MAX_SIDE", "nan"),
        ("VITRINE_MAX_SIDE", "-1"),
        ("VITRINE_MAX_FILE_MB", "inf"),
        ("VITRINE_DEVICE", "tpu"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_name_and_the_value(name: str, value: str) -> None:
    with pytest.raises(DemoError) as caught:
        Settings.from_env({name: value})
    assert name in str(caught.value)
    assert value in str(caught.value)
