"""Films that play, and lists and films that name other files."""

import io
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image as pil

from tests.support.clips import encode, square
from tests.video.test_reader import elsewhere


@cache
def photo(width: int = 64, height: int = 48, seed: int = 0) -> bytes:
    """A small JPEG of noise."""
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    file = io.BytesIO()
    pil.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


@cache
def film(frames: int = 10, size_wh: tuple[int, int] = (64, 48)) -> bytes:
    """An MP4 of a moving square, ten frames a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        return encode(path, [square(i, size_wh) for i in range(frames)]).read_bytes()


def playlists(secret: Path, port: int) -> dict[str, bytes]:
    """Name of a film → a list of or reference to the secret file or the local port."""
    address = f"http://127.0.0.1:{port}/a.ts"
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
    keyed = '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n#EXTINF:1,\nx.ts\n#EXT-X-ENDLIST\n'
    master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n"
    concat = "ffconcat version 1.0\nfile {}\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        "<Period><AdaptationSet><Representation><BaseURL>{}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>"
    )
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na={}\n"
    smil = '<smil><body><video src="{}"/></body></smil>'
    asx = '<asx version="3.0"><entry><ref href="{}"/></entry></asx>'
    pls = "[playlist]\nFile1={}\nNumberOfEntries=1\n"
    forms = {
        "hls": hls,
        "keyed": keyed,
        "master": master,
        "concat": concat,
        "dash": dash,
        "sdp": sdp,
        "smil": smil,
        "asx": asx,
        "pls": pls,
    }
    named = {}
    for name, form in forms.items():
        for suffix, other in (("mp4", str(secret)), ("webm", address)):
            named[f"{name}.{suffix}"] = form.format(other).encode()
    box = film()[:32]
    named["box_then_list.mp4"] = box + hls.format(secret).encode()
    named["mark_then_list.mp4"] = b"\xef\xbb\xbf" + hls.format(secret).encode()
    named["spaces_then_list.mov"] = b"\n\n \n" + concat.format(secret).encode()
    named["reference.mov"] = elsewhere(film(), secret)
    return named
