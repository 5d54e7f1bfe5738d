"""The tracks of a container that a player would choose."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from demo.errors import DemoError

CODECS = {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores"}
"""Codecs of cameras, phones and browsers; the other decoders of FFmpeg are unreachable."""
_STILL = Disposition.attached_pic | Disposition.timed_thumbnails
"""Cover art and the pictures of chapters."""

_Stream = TypeVar("_Stream", bound=Stream)


def video_tracks(container: InputContainer) -> list[VideoStream]:
    """All tracks of moving pictures, those enabled by default before others, in any codec.

    Raises:
        DemoError: where there is none.
    """
    tracks = by_preference(s for s in container.streams.video if not s.disposition & _STILL)
    if not tracks:
        raise DemoError("video_only_sound" if container.streams.audio else "video_no_frames")
    return tracks


def readable_track(tracks: Sequence[VideoStream]) -> VideoStream:
    """The first track in a codec that is read. Raises DemoError where there is none."""
    for track in tracks:
        if codec_name(track) in CODECS:
            return track
    raise DemoError("video_codec", codec=codec_name(tracks[0]) or "?")


def sound_tracks(container: InputContainer) -> list[AudioStream]:
    """All tracks of sound, those enabled by default before others, in any codec."""
    return by_preference(container.streams.audio)


def by_preference(tracks: Iterable[_Stream]) -> list[_Stream]:
    """The tracks that are enabled by default, then the others, each in the file's order."""
    return sorted(tracks, key=lambda track: not track.disposition & Disposition.default)


def codec_name(track: Stream) -> str:
    """FFmpeg's name of the decoder; empty for a codec that it cannot decode."""
    # PyAV makes no context for such a track, against what its types say.
    context = getattr(track, "codec_context", None)
    return "" if context is None else str(context.name)
