"""Network cameras: read by the server, one reader a visitor, no address ever disclosed."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from starlette.websockets import WebSocketDisconnect

from demo.camera import frame_source, network_camera
from demo.camera.network_camera import NetworkCamera
from demo.errors import DemoError
from demo.settings import Settings
from demo.video.limits import VideoLimits
from demo.web.views import camera as camera_view
from tests.camera.test_websocket import CameraServer, Visitor
from tests.support import webcams
from tests.support.finder import Finder
from tests.support.watched import Watched
from tests.support.webcams import RtspCam, Webcam

SECRET = "hunter2"
LIMITS = VideoLimits()


@pytest.fixture
def webcam() -> Iterator[Webcam]:
    camera = Webcam()
    camera.paths["/video"] = webcams.motion
    yield camera
    camera.shutdown()
    camera.server_close()


def readers() -> int:
    """Number of threads that read a camera."""
    return sum(one.name == network_camera.THREAD_NAME for one in threading.enumerate())


def soon(true: Callable[[], bool], seconds: float = 2.0) -> bool:
    """Whether `true` holds within so many seconds."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


@contextmanager
def watching(address: str, limits: VideoLimits = LIMITS) -> Iterator[NetworkCamera]:
    one = NetworkCamera(address, limits)
    try:
        yield one
    finally:
        one.close()
        assert soon(lambda: not readers())


@pytest.fixture
def settings(tmp_path: Path, webcam: Webcam) -> Settings:
    cameras = {"door": webcam.url("/video", f"root:{SECRET}@"), "gone": webcam.url("/gone")}
    folders: dict[str, Any] = {"weights_dir": tmp_path, "cache_dir": tmp_path / "c"}
    return Settings(device="cpu", streams=3, stream_idle_s=5, cameras=cameras, **folders)


@contextmanager
def opened(
    folder: Path, settings: Settings, finder: Finder | None = None
) -> Iterator[CameraServer]:
    server = CameraServer(folder, finder or Finder(), settings)
    with server.client:
        yield server
    server.engine.close()


@pytest.fixture
def server(tmp_path: Path, settings: Settings) -> Iterator[CameraServer]:
    with opened(tmp_path, settings) as made:
        yield made


def confirm(visitor: Visitor) -> None:
    """Tell the server that the page has displayed an answer."""
    visitor.session.send_text('{"type": "shown"}')


def ended(visitor: Visitor) -> str:
    """The reason why a stream ended; it contains no address."""
    notice = visitor.notice()
    assert notice["type"] == "end"
    with pytest.raises(WebSocketDisconnect):
        visitor.notice()
    assert not any(one in notice["text"] for one in ("://", "127.0.0.1", SECRET, "root"))
    return str(notice["text"])


def test_a_named_camera_is_answered_frame_after_frame(server: CameraServer, webcam: Webcam) -> None:
    with server.visitor() as one:
        assert one.notice()["type"] == "start"
        one.configure(source="door")
        numbers = []
        for _ in range(10):
            facts, drawn = one.answer()
            confirm(one)
            assert [box["track"] for box in facts["boxes"]] == [1]
            assert drawn.shape == (240, 320, 3)
            numbers.append(facts["frame"])
        assert numbers == sorted(set(numbers))
        assert facts["replaced"] == numbers[-1] - 10
        assert facts["server_ms"] > 0
        one.configure(source="door", confidence=0.95)
        for _ in range(4):
            boxes = one.answer()[0]["boxes"]
            confirm(one)
        assert boxes == []
        assert webcam.listening == 1
    assert soon(lambda: not readers() and not webcam.listening)


def test_two_visitors_have_a_reader_and_options_each(server: CameraServer, webcam: Webcam) -> None:
    with server.visitor() as one, server.visitor() as two:
        for visitor, values in ((one, {}), (two, {"track": False, "line": None})):
            visitor.notice()
            visitor.configure(source="door", **values)
        for _ in range(3):
            a, b = one.answer()[0], two.answer()[0]
            confirm(one)
            confirm(two)
        assert ("tracks" in a, "tracks" in b) == (True, False)
        assert readers() == webcam.listening == 2
        two.session.close()
        assert soon(lambda: readers() == webcam.listening == 1)
        one.answer()
        confirm(one)
        one.answer()


def test_a_slow_page_gets_the_newest_frame(server: CameraServer, webcam: Webcam) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure(source="door")
        first, second = one.answer()[0], one.answer()[0]
        time.sleep(1)
        confirm(one)
        third = one.answer()[0]
        # About 30 frames have come meanwhile, and one of them was kept: the newest.
        assert second["frame"] - first["frame"] < 10
        assert third["frame"] - second["frame"] > 15
        assert third["replaced"] == third["frame"] - 3
        assert third["waited_ms"] < 500
        time.sleep(0.3)
        confirm(one)
        assert one.answer()[0]["frame"] - third["frame"] > 4


@pytest.mark.parametrize(
    ("limits", "word"),
    [({"stream_idle_s": 0.5}, "0.5 seconds"), ({"stream_minutes": 0.01}, "0.01 minutes")],
)
def test_the_reader_ends_with_idle_pages_and_the_time_limit(
    tmp_path: Path, settings: Settings, limits: dict[str, float], word: str
) -> None:
    short = replace(settings, **limits)  # type: ignore[arg-type]
    with opened(tmp_path, short) as server, server.visitor() as one:
        one.notice()
        one.configure(source="door")
        for _ in range(frame_source.MAX_UNSHOWN):
            one.answer()
        assert word in ended(one)
        assert soon(lambda: not readers())


@pytest.mark.parametrize(
    "source", ["yard", "", "http://root:hunter2@127.0.0.1/", "file:///etc/passwd", 5, ["door"], {}]
)
def test_an_unknown_camera_is_refused(server: CameraServer, webcam: Webcam, source: object) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure(source=source)
        assert ended(one) == "There is no camera of that name here; choose one of the list."
    assert webcam.asked == []


def test_without_the_setting_there_is_no_camera(tmp_path: Path, settings: Settings) -> None:
    with opened(tmp_path, replace(settings, cameras={})) as server, server.visitor() as one:
        one.notice()
        one.configure(source="door")
        assert "no camera of that name" in ended(one)
    assert "server:" not in camera_view.camera_pane("detect", {})


@pytest.mark.parametrize("own", [True, False])
def test_one_connection_has_one_camera(server: CameraServer, own: bool) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure(source=None if own else "door")
        if own:
            one.configure(source="door")
        else:
            one.show(1, b"\xff\xd8")
        told = one.session.receive()
        while "text" not in told:
            told = one.session.receive()
        assert "One connection" in told["text"]


def test_an_absent_camera_is_one_sentence_soon(server: CameraServer, webcam: Webcam) -> None:
    with server.visitor() as one:
        one.notice()
        start = time.monotonic()
        one.configure(source="gone")
        assert "cannot be reached" in ended(one)
        assert time.monotonic() - start < 2


def test_an_error_counts_until_it_is_displayed(server: CameraServer) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure(source="door", model="nobody")
        assert "nobody" in one.notice()["text"]
        assert one.notice()["type"] == "error"
        one.configure(source="door")
        confirm(one)
        assert one.answer()[0]["boxes"]


@pytest.mark.parametrize("address", ["http://{}/", "https://{}/", "rtsp://{}/", "rtsps://{}/"])
@pytest.mark.parametrize("silent", [True, False])
def test_a_dead_address_is_one_sentence_and_prints_nothing(
    address: str, silent: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    place = f"root:{SECRET}@127.0.0.1:{listener.getsockname()[1]}"
    if not silent:
        listener.close()
    start = time.monotonic()
    with watching(address.format(place)) as one, pytest.raises(DemoError, match="be reached"):
        one.newest()
    assert time.monotonic() - start < 6
    listener.close()
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""


@pytest.mark.parametrize(
    ("form", "movflags"),
    [("mpegts", ""), ("flv", ""), ("mp4", "frag_keyframe+empty_moov+default_base_moof")],
)
def test_formats_that_cameras_send(
    tmp_path: Path, webcam: Webcam, form: str, movflags: str
) -> None:
    data = webcams.clip(tmp_path / "clip", form, movflags=movflags)
    webcam.paths["/clip"] = lambda: iter([data])
    with watching(webcam.url("/clip")) as one:
        taken = one.newest()
        assert taken.rgb.shape == (240, 320, 3)
        assert taken.rgb[..., 0].max() > 180
        with pytest.raises(DemoError, match="has ended"):
            [one.newest() for _ in range(1000)]


def test_frames_have_the_right_colours_and_are_reduced(webcam: Webcam) -> None:
    webcam.paths["/big"] = lambda: iter(
        [webcams.part(webcams.jpeg(webcams.picture(0, (1280, 960)))), webcams.part(b"")] * 5
    )
    with watching(webcam.url("/big")) as one:
        rgb = one.newest().rgb
    assert rgb.shape == (480, 640, 3)
    expected = webcams.picture(0, (640, 480)).astype(int)
    assert np.abs(rgb.astype(int) - expected).mean() < 4


def test_a_frame_beyond_the_limit_is_refused(webcam: Webcam) -> None:
    limits = VideoLimits(max_megapixels=0.05)
    with (
        watching(webcam.url("/video"), limits) as one,
        pytest.raises(DemoError, match=r"0\.05 megapixels"),
    ):
        one.newest()


@pytest.mark.parametrize("password", [SECRET, "wrong"])
def test_a_password_is_sent_when_challenged(webcam: Webcam, password: str) -> None:
    webcam.password = SECRET
    with watching(webcam.url("/video", f"cam:{password}@")) as one:
        if password == SECRET:
            assert one.newest().number == 1
        else:
            with pytest.raises(DemoError, match="be reached"):
                one.newest()


LEADS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXTINF:2,\n{file}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{other}'\nfile '{file}'\n",
    "sdp": "v=0\nm=video {port} RTP/AVP 96\n{other}\n",
    "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{other}{file}</MPD>',
}


@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_playlist_opens_nothing(tmp_path: Path, webcam: Webcam, kind: str, wrapped: bool) -> None:
    """Neither as the body itself nor within a part of a motion JPEG."""
    clip = tmp_path / "clip.ts"
    webcams.clip(clip, "mpegts")
    webcam.paths["/other.ts"] = lambda: iter([clip.read_bytes()])
    text = LEADS[kind].format(other=webcam.url("/other.ts"), file=clip, port=webcam.server_port)
    data = text.encode() * 20
    webcam.paths["/list." + kind] = lambda: iter([webcams.part(data)] * 9 if wrapped else [data])
    webcam.kind = "application/vnd.apple.mpegurl"
    with (
        Watched(tmp_path) as watched,
        watching(webcam.url("/list." + kind)) as one,
        pytest.raises(DemoError, match=r"can be read|be reached|has ended"),
    ):
        one.newest()
    assert webcam.asked == ["/list." + kind]
    assert watched.names == []


def test_ffmpeg_by_itself_would_follow_the_playlist(tmp_path: Path, webcam: Webcam) -> None:
    """The control of the test above."""
    data = webcams.clip(tmp_path / "clip", "mpegts")
    webcam.paths["/other.ts"] = lambda: iter([data])
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{webcam.url('/other.ts')}\n"
    webcam.paths["/list.m3u8"] = lambda: iter([text.encode() + b"#EXT-X-ENDLIST\n"])
    webcam.kind = "application/vnd.apple.mpegurl"
    av.open(webcam.url("/list.m3u8"), timeout=5).close()
    assert "/other.ts" in webcam.asked


def test_no_redirect_is_followed(webcam: Webcam) -> None:
    webcam.moved["/moved"] = webcam.url("/video")
    with watching(webcam.url("/moved")) as one, pytest.raises(DemoError, match="be reached"):
        one.newest()
    assert webcam.asked == ["/moved"]


def test_the_log_names_the_camera_and_no_address(
    server: CameraServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "demo")
    with server.visitor() as one:
        one.notice()
        one.configure(source="gone")
        ended(one)
    assert "network camera gone failed: live_source_dead" in caplog.messages
    assert "camera session ended: live_source_dead" in caplog.messages
    assert not any(word in caplog.text for word in ("://", "127.0.0.1", SECRET))


class BrokenLimits(VideoLimits):
    """Raises an error that the reader does not expect."""

    def check_size(self, size_wh: tuple[int, int]) -> None:
        raise RuntimeError("unexpected")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_dies_ends_the_stream_at_once(
    webcam: Webcam, caplog: pytest.LogCaptureFixture
) -> None:
    start = time.monotonic()
    with watching(webcam.url("/video"), BrokenLimits()) as one:
        with pytest.raises(DemoError, match="has ended"):
            one.newest()
        assert soon(lambda: "the reader of a network camera died" in caplog.messages)
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("line", ["Server : cam", "Server", ": cam"])
def test_malformed_headers_are_tolerated(line: str) -> None:
    """Stricter HTTP clients, httpx among them, refuse such cameras."""
    listener = socket.create_server(("127.0.0.1", 0))
    head = f"HTTP/1.0 200 OK\r\n{line}\r\n\r\n".encode()

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(4096)
            client.sendall(head + b"".join(webcams.motion(number=10)))

    thread = threading.Thread(target=serve)
    thread.start()
    with watching(f"http://127.0.0.1:{listener.getsockname()[1]}/") as one:
        assert one.newest().rgb.shape == (240, 320, 3)
    thread.join()
    listener.close()


@pytest.mark.parametrize("phase", ["answer", "head", "body"])
def test_closing_a_camera_that_hangs_does_not_block(webcam: Webcam, phase: str) -> None:
    hang = threading.Event()

    def hanging() -> Iterator[bytes]:
        if phase == "body":
            yield from webcams.motion(number=10)
        hang.wait(10)

    webcam.paths["/hangs"] = hanging
    deaf = socket.create_server(("127.0.0.1", 0))
    port = deaf.getsockname()[1]
    address = f"http://127.0.0.1:{port}/" if phase == "answer" else webcam.url("/hangs")
    one = NetworkCamera(address, LIMITS)
    if phase == "body":
        one.newest()
    time.sleep(0.8)
    assert readers() == 1
    start = time.monotonic()
    one.close()
    assert soon(lambda: not readers(), 1)
    assert time.monotonic() - start < 0.5
    hang.set()
    deaf.close()


def test_rtsp_is_read_and_closed() -> None:
    camera = RtspCam()
    one = NetworkCamera(f"rtsp://127.0.0.1:{camera.port}/stream1", LIMITS)
    assert one.newest().rgb.shape == (240, 320, 3)
    time.sleep(0.5)
    assert one.newest().dropped > 5
    one.close()
    assert camera.left.wait(2)
    assert soon(lambda: not readers())
    assert camera.asked[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    camera.close()


def test_no_redirect_of_rtsp_is_followed() -> None:
    """FFmpeg by itself follows it: the control."""
    for guarded in (True, False):
        other = RtspCam()
        camera = RtspCam(moved=f"rtsp://127.0.0.1:{other.port}/other")
        address = f"rtsp://127.0.0.1:{camera.port}/stream1"
        if guarded:
            with watching(address) as one, pytest.raises(DemoError, match="be reached"):
                one.newest()
        else:
            av.open(address, options={"rtsp_transport": "tcp"}, timeout=3).close()
        assert bool(other.asked) is not guarded
        camera.close()
        other.close()


def test_rtsp_survives_a_pause() -> None:
    camera = RtspCam(stall_s=2.2)
    with watching(f"rtsp://127.0.0.1:{camera.port}/stream1") as one:
        while not camera.went_on.is_set():
            one.newest()
        before = one.newest().number
        for _ in range(5):
            last = one.newest().number
        assert last > before
    camera.close()


def test_a_paused_rtsp_camera_closes_within_two_seconds() -> None:
    camera = RtspCam(stall_s=4)
    one = NetworkCamera(f"rtsp://127.0.0.1:{camera.port}/stream1", LIMITS)
    one.newest()
    time.sleep(1)
    one.close()
    assert soon(lambda: not readers(), 2)
    camera.close()


def test_the_page_knows_names_and_no_addresses(settings: Settings) -> None:
    html = camera_view.camera_pane("detect", settings.cameras)
    assert '<option value="server:door">door</option>' in html
    assert not any(one in html + repr(settings) for one in ("http:", "127.0.0.1", SECRET))
