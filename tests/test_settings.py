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


def test_cameras_are_pairs_of_a_name_and_an_address() -> None:
    assert Settings.from_env({}).cameras == {}
    text = "door=rtsp://root:pw=1@192.168.1.20/stream1?x=1,\n 院子=HTTP://[::1]:81/video.mjpg\n"
    assert Settings.from_env({"VITRINE_CAMERAS": text}).cameras == {
        "door": "rtsp://root:pw=1@192.168.1.20/stream1?x=1",
        "院子": "http://[::1]:81/video.mjpg",
    }


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a=http://b/,door=file:///etc/hunter2", "entry 2"),
        ("door=concat:http://a/hunter2|http://b/", "rtsp, rtsps, http, https"),
        ("door=data:video/mp4;base64,hunter2", "entry 1"),
        ("door=data://hunter2/", "entry 1"),
        ("door=/hunter2/film.mp4", "entry 1"),
        ("door=hunter2.mp4", "entry 1"),
        ("door=http:hunter2", "entry 1"),
        ("door=http,x,y:hunter2://a/", "entry 1"),
        ("door=httpproxy://hunter2/", "entry 1"),
        ("door=rtp://hunter2/", "entry 1"),
        ("door=tcp://hunter2/", "entry 1"),
        ("door=http://", "entry 1"),
        ("door=http://hunter2:port/", "entry 1"),
        ("door=http://[hunter2/", "entry 1"),
        ("door=http://a/\x07hunter2", "entry 1"),
        ("rtsp://root:hunter2@192.168.1.20/", "name=url"),
        ("rtsp://root:a=hunter2@192.168.1.20/", "name=url"),
        ("my/door=http://hunter2/", "name=url"),
        ("=http://hunter2/", "name=url"),
        ("a=http://b/,a=http://hunter2/", "twice"),
    ],
)
def test_a_wrong_camera_is_one_sentence_without_the_address(text: str, word: str) -> None:
    with pytest.raises(DemoError) as caught:
        Settings.from_env({"VITRINE_CAMERAS": text})
    assert "VITRINE_CAMERAS" in str(caught.value)
    assert word in str(caught.value)
    assert "hunter2" not in str(caught.value)
