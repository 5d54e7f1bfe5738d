"""The sound of a video, ready to be written beside new pictures."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from demo.errors import DemoError
from demo.video.container import readable

_KEPT = {"aac", "mp3", "mp3float", "opus", "libopus", "flac", "ac3", "eac3", "alac"}
"""Codings that an MP4 holds and that are copied bit for bit; others become AAC."""
_AAC_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_AAC_BITS = 128_000


class AudioTrack:
    """The first sound track of an input, given to an output packet by packet."""

    def __init__(
        self, container: InputContainer, output: OutputContainer, start_s: Fraction
    ) -> None:
        """start_s: what counts as time 0. Call it before the output's first packet.

        Raises DemoError for an input without a track that can be read.
        """
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            raise DemoError("video_broken")
        self._container = container
        self._source = container.streams.audio[0]
        self._output = output
        self._start_s = start_s
        self.copied = self._source.codec_context.name in _KEPT
        self._stream = self._add()
        packets = self._copied() if self.copied else self._encoded()
        self._packets = packets
        self._next: Packet[AudioStream] | None = None

    def write(self, until_s: float) -> None:
        """Give the output what is heard before that second."""
        while True:
            packet = self._next or next(self._packets, None)
            self._next = None
            if packet is None:
                return
            if packet.pts is not None and float(packet.pts * packet.time_base) >= until_s:
                self._next = packet
                return
            # A packet whose times cannot be is left out, as a broken picture is.
            with suppress(av.ArgumentError, av.InvalidDataError):
                self._output.mux(packet)

    def _add(self) -> AudioStream:
        if self.copied:
            return self._output.add_stream_from_template(self._source)
        rate = self._source.rate
        stream = self._output.add_stream("aac", rate=rate if rate in _AAC_RATES else _AAC_RATES[0])
        stream.layout = "mono" if self._source.codec_context.channels == 1 else "stereo"
        stream.bit_rate = _AAC_BITS
        return stream

    def _copied(self) -> "Iterator[Packet[AudioStream]]":
        last = None
        for packet in readable(self._container.demux(self._source)):
            # The last one is empty and only says that it is the last; a file may repeat times.
            if packet is None or packet.dts is None or (last is not None and packet.dts <= last):
                continue
            last = packet.dts
            shift = round(self._start_s / packet.time_base)
            packet.dts -= shift
            packet.pts = packet.dts if packet.pts is None else packet.pts - shift
            packet.stream = self._stream
            yield packet

    def _encoded(self) -> "Iterator[Packet[AudioStream]]":
        for packet in readable(self._container.demux(self._source)):
            whole = packet is not None and packet.size
            try:
                frames = self._source.codec_context.decode(packet if whole else None)
            except (av.FFmpegError, ValueError):
                continue
            for frame in frames:
                if frame.pts is not None and frame.time_base:
                    frame.pts -= round(self._start_s / frame.time_base)
                yield from self._stream.encode(frame)
        yield from self._stream.encode(None)
