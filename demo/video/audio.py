"""Copying or encoding the audio of a video for its annotated version."""

import logging
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from demo.video.audio_channels import NativeChannels
from demo.video.container import packets_until_error
from demo.video.tracks import codec_name

_COPIED_CODECS = {"aac", "mp3", "mp3float", "opus", "libopus", "flac", "ac3", "eac3", "alac"}
"""Codecs that an MP4 may hold, copied bit for bit; others are encoded as AAC."""
_ONLY_COPIED = {"aac", "opus", "libopus"}
"""Their decoders may bring lists of channels of their own, see `NativeChannels`."""
_AAC_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_AAC_BITS = 128_000
_log = logging.getLogger(__name__)


def ways_to_write(track: AudioStream) -> Sequence[bool]:
    """Whether to copy a track or to re-encode it, the better way first; empty for neither."""
    codec = codec_name(track)
    if codec in _ONLY_COPIED:
        return (True,)
    if codec in _COPIED_CODECS:
        return (True, False)
    return (False,) if codec else ()


class AudioTrack:
    """An audio track of an input, written to an output packet by packet."""

    def __init__(
        self,
        container: InputContainer,
        source: AudioStream,
        output: OutputContainer,
        start_s: Fraction,
        copied: bool,
    ) -> None:
        """Add the track to `output`, before the output's first packet.

        Args:
            container: the input, for this track alone.
            source: its track, in a codec that is known.
            output: gets the track.
            start_s: time in the input that becomes 0 in the output, seconds.
            copied: bit for bit, else re-encoded as AAC; one of `ways_to_write`.
        """
        self._container = container
        self._source = source
        self._output = output
        self._start_s = start_s
        self._written = self._failed = 0
        if copied:
            self._stream = output.add_stream_from_template(source)
            self._packets = self._copy()
        else:
            self._channels = NativeChannels(source.codec_context)
            self._stream = self._add_aac()
            self._packets = self._encode()
        self._next: Packet[AudioStream] | None = None

    def write(self, until_s: float) -> None:
        """Write the packets that start before `until_s`, seconds of the output."""
        while True:
            packet = self._next or next(self._packets, None)
            self._next = None
            if packet is None:
                return
            if packet.pts is not None and float(packet.pts * packet.time_base) >= until_s:
                self._next = packet
                return
            try:
                self._output.mux(packet)
                self._written += 1
            except (av.ArgumentError, av.InvalidDataError):
                # A packet with impossible times is left out, as a damaged frame is.
                self._failed += 1

    @property
    def unreadable(self) -> bool:
        """Whether nothing of the track was written so far, though it holds something."""
        return self._failed > 0 and not self._written

    def _add_aac(self) -> AudioStream:
        rate = self._source.codec_context.sample_rate
        stream = self._output.add_stream("aac", rate=rate if rate in _AAC_RATES else _AAC_RATES[0])
        stream.layout = "mono" if self._channels.count == 1 else "stereo"
        stream.bit_rate = _AAC_BITS
        return stream

    def _copy(self) -> "Iterator[Packet[AudioStream]]":
        last = None
        for packet in packets_until_error(self._container.demux(self._source)):
            # The empty packet at the end has no dts; files may repeat times, which MP4 may not.
            if packet is None or packet.dts is None or (last is not None and packet.dts <= last):
                continue
            last = packet.dts
            shift = round(self._start_s / packet.time_base)
            packet.dts -= shift
            packet.pts = packet.dts if packet.pts is None else packet.pts - shift
            packet.stream = self._stream
            yield packet

    def _encode(self) -> "Iterator[Packet[AudioStream]]":
        for packet in packets_until_error(self._container.demux(self._source)):
            complete = packet is not None and packet.size
            try:
                frames = self._source.codec_context.decode(packet if complete else None)
                for frame in frames:
                    if frame.pts is not None and frame.time_base:
                        frame.pts -= round(self._start_s / frame.time_base)
                    yield from self._stream.encode(self._channels.reorder(frame))
            except (av.FFmpegError, ValueError) as error:
                # As with the frames: damaged packets are left out.
                self._failed += 1
                _log.debug("damaged packet of audio: %s", type(error).__name__)
        yield from self._stream.encode(None)
