import tempfile
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from demo.errors import DemoError
from demo.settings import Settings, names, variable

ROOT = Path(__file__).parents[1]


def test_defaults_are_the_documented_limits() -> None:
    settings = Settings.from_env({})
    assert (settings.max_megapixels, settings.max_side, settings.max_file_mb) == (25, 8192, 20)
    assert settings.keep_minutes == 10


def test_downloads_go_to_the_temporary_folder_where_the_home_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().cache_dir == tmp_path / ".cache" / "vitrine"
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    assert Settings().cache_dir == Path(tempfile.gettempdir()) / "vitrine-cache"


SAMPLES = {
    "weights_dir": ("/w", Path("/w")),
    "cache_dir": ("~/c", Path.home() / "c"),
    "offline": ("1", True),
    "device": ("cpu", "cpu"),
    "precision": ("fast", "fast"),
    "converted_mb": ("50", 50),
    "model": ("best.pt", Path("best.pt")),
    "log": ("info", "info"),
    "downloads": ("resnet*, yolo11n,", ("resnet*", "yolo11n")),
    "cameras": ("door=rtsp://a/", {"door": "rtsp://a/"}),
    "hosts": ("A.example, *.b.example:8443", ("a.example", "*.b.example:8443")),
    "origins": ("https://blog.example/", ("https://blog.example",)),
    "api_keys": ("one,two=", ("one", "two=")),
    "proxies": ("127.0.0.1,fc00::/7", ("127.0.0.1", "fc00::/7")),
}
"""Of the fields that are no numbers: a text and its value."""


@pytest.mark.parametrize("name", names())
def test_a_variable_sets_its_field_and_no_other(name: str) -> None:
    text, value = SAMPLES.get(name, ("7", 7))
    read = Settings.from_env({variable(name): f" {text} "})
    assert getattr(read, name) == value
    assert asdict(read) == asdict(Settings()) | {name: value}
    assert variable(name) in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_variable_is_not_set(name: str, text: str) -> None:
    """As compose files write those that nobody has set."""
    assert Settings.from_env({variable(name): text}) == Settings()


@pytest.mark.parametrize(
    ("text", "offline"),
    [
        *((text, True) for text in ("1", "true", "YES", "on", "y")),
        *((text, False) for text in ("0", "False", "no", "OFF", "n")),
    ],
)
def test_a_switch_is_read_as_people_write_it(text: str, offline: bool) -> None:
    assert Settings.from_env({"VITRINE_OFFLINE": text}).offline is offline


ODD: tuple[str, ...] = ("~nobody/x", "1_0", "1e3", "+7", "٧", "７", "0x10", "1.0", "1e400", "-0")
ODD += ("9" * 400, "9" * 5000, "t", "f", "TRUE", "None", "*", "a=b", "=", "[::1]", "\u3000")
ODD += ("10.0.0.0/8", "http://a")


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("text", ODD, ids=lambda text: text[:6])
def test_an_odd_value_is_read_or_refused_in_one_sentence(name: str, text: str) -> None:
    read_or_refused(name, text)


@given(st.sampled_from(names()), st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_value_is_read_or_refused_in_one_sentence(name: str, text: str) -> None:
    read_or_refused(name, text)


def read_or_refused(name: str, text: str) -> None:
    read, told = None, variable(name)
    try:
        read = Settings.from_env({variable(name): text})
    except DemoError as error:
        told = str(error)
    assert variable(name) in told
    assert len(told) < 300
    if read is not None:
        kept = {other: getattr(Settings(), other) for other in names() if other != name}
        assert {other: getattr(read, other) for other in kept} == kept


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().offline = True  # type: ignore[misc]


def test_settings_are_checked_however_they_are_made() -> None:
    with pytest.raises(ValidationError):
        Settings(max_side=0)
    with pytest.raises(ValidationError):
        replace(Settings(), keep_minutes=float("nan"))


def test_several_variables_are_read_together() -> None:
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
        ("VITRINE_MAX_SIDE", "0"),
        ("VITRINE_MAX_SIDE", "1.5"),
        ("VITRINE_THREADS", "-1"),
        ("VITRINE_THREADS", "1025"),
        ("VITRINE_WEIGHTS", "~nobody-here/weights"),
        ("VITRINE_CACHE", "~nobody-here/weights"),
        ("VITRINE_KEEP_MINUTES", "0"),
        ("VITRINE_STREAM_IDLE_S", "nan"),
        ("VITRINE_DEVICE", "tpu"),
        ("VITRINE_OFFLINE", "perhaps"),
        ("VITRINE_LOG", "loud"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_name_and_the_value(name: str, value: str) -> None:
    with pytest.raises(DemoError) as caught:
        Settings.from_env({name: value})
    assert name in str(caught.value)
    assert value in str(caught.value)
    assert str(caught.value).count(".") == 1 + value.count(".")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VITRINE_HOSTS", "https://a.example"),
        ("VITRINE_HOSTS", "a.example b.example"),
        ("VITRINE_HOSTS", "a.example,,b.example"),
        ("VITRINE_HOSTS", "a*.example"),
        ("VITRINE_ORIGINS", "blog.example"),
        ("VITRINE_ORIGINS", "https://blog.example/path"),
        ("VITRINE_ORIGINS", "null"),
        ("VITRINE_PROXIES", "nginx"),
        ("VITRINE_PROXIES", "10.0.0.1/8"),
        ("VITRINE_RATE", "-1"),
        ("VITRINE_RATE", "many"),
        ("VITRINE_CONNECTIONS", "0"),
    ],
)
def test_a_wrong_list_of_addresses_is_one_sentence_with_an_example(name: str, value: str) -> None:
    with pytest.raises(DemoError) as caught:
        Settings.from_env({name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_sentence_names_zero_where_it_is_allowed() -> None:
    assert Settings.from_env({"VITRINE_RATE": "0"}).rate == 0
    with pytest.raises(DemoError, match="from 0 on"):
        Settings.from_env({"VITRINE_RATE": "x"})
    with pytest.raises(DemoError, match="from 1 on"):
        Settings.from_env({"VITRINE_QUEUE_SIZE": "x"})


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
