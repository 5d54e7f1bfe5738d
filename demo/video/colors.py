"""What the numbers of a video's frames mean as colours, by the codes of ITU-T H.273."""

from dataclasses import dataclass

from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from demo.errors import DemoError
from demo.images.convert import Note

_HD_HEIGHT = 720
_BT709, _BT470BG, _BT601 = 1, 5, 6
_SWSCALE = {1: 1, 4: 4, _BT470BG: 5, _BT601: 5, 7: 7, 9: 9}
"""Matrix coefficients that can be written → the constant of libswscale."""
_UNREADABLE = {
    8: "YCgCo",
    10: "BT.2020 CL",
    11: "YDzDx",
    12: "chromaticity-derived",
    13: "chromaticity-derived CL",
    14: "ICtCp",
    15: "IPT-PQ-C2",
    16: "YCgCo-Re",
    17: "YCgCo-Ro",
}
"""Other matrices; what stands in neither table is reserved and taken as untagged."""
_PRIMARIES_OF = {1: 1, 4: 4, _BT470BG: _BT470BG, _BT601: _BT601, 7: 7, 9: 9}
_TRANSFER_OF = {1: 1, 4: 4, _BT470BG: _BT601, _BT601: _BT601, 7: 7, 9: 14}
"""What a video of known matrix most likely has, where it does not say."""
_STATED_PRIMARIES = set(ColorPrimaries) - {ColorPrimaries.UNSPECIFIED}
_STATED_TRANSFERS = set(ColorTrc) - {ColorTrc.UNSPECIFIED}
_HDR: dict[int, str] = {ColorTrc.SMPTE2084: "HDR, PQ", ColorTrc.ARIB_STD_B67: "HDR, HLG"}
_WIDE: dict[int, str] = {
    ColorPrimaries.BT2020: "BT.2020",
    ColorPrimaries.SMPTE431: "DCI-P3",
    ColorPrimaries.SMPTE432: "Display P3",
}
_SAMPLINGS = {
    (32, 32): "",
    (32, 64): "4:2:2",
    (64, 64): "4:4:4",
    (64, 32): "4:4:0",
    (16, 64): "4:1:1",
}
"""Size of a colour plane where the picture is 64 × 64."""
_WITH_ALPHA = (2, 4)
"""Number of components of a pixel format that has an alpha channel."""
_NAMES = {
    "h264": "H.264",
    "hevc": "HEVC",
    "libdav1d": "AV1",
    "mpeg4": "MPEG-4",
    "mjpeg": "MJPEG",
    "prores": "ProRes",
}


@dataclass(frozen=True, slots=True)
class Colors:
    """Codes of H.273 that an output states, and its range.

    Attributes:
        matrix: coefficients from RGB to YCbCr.
        primaries: chromaticities of R, G and B.
        transfer: function from light to signal.
        range: MPEG for 16–235, JPEG for 0–255.
    """

    matrix: int
    primaries: int
    transfer: int
    range: ColorRange

    @property
    def colorspace(self) -> Colorspace:
        """The matrix as libswscale names it."""
        return Colorspace(_SWSCALE[self.matrix])

    @classmethod
    def of(cls, frame: VideoFrame) -> "Colors":
        """The codes of a decoded frame; what it does not state is what players assume.

        A frame whose colours `needs_mapping` is BT.709 after that.
        """
        if needs_mapping(frame):
            return cls(_BT709, _BT709, _BT709, ColorRange.MPEG)
        matrix = frame.colorspace
        if matrix not in _SWSCALE:
            matrix = _BT709 if _assumed(frame) == Colorspace.ITU709 else _BT601
        primaries, transfer = frame.color_primaries, frame.color_trc
        return cls(
            matrix,
            primaries if primaries in _STATED_PRIMARIES else _PRIMARIES_OF[matrix],
            transfer if transfer in _STATED_TRANSFERS else _TRANSFER_OF[matrix],
            ColorRange.JPEG if _full_range(frame) else ColorRange.MPEG,
        )


def needs_mapping(frame: VideoFrame) -> bool:
    """Whether the frame's colours go beyond those of a usual screen: HDR, or a wide gamut."""
    return frame.color_trc in _HDR or frame.color_primaries in _WIDE


def assumed_colorspace(frame: VideoFrame) -> Colorspace | None:
    """The colour space that players assume for an untagged frame; None for a tagged one.

    Raises:
        DemoError: for a frame whose matrix libswscale does not know.
    """
    if name := _UNREADABLE.get(frame.colorspace):
        raise DemoError("video_colors", matrix=name)
    if frame.colorspace in _SWSCALE:
        return None
    return _assumed(frame)


def is_stated(matrix: int) -> bool:
    """Whether a code of matrix coefficients is one that is read, and not reserved or untagged."""
    return matrix in _SWSCALE


def unreadable(frame: VideoFrame) -> DemoError:
    """The sentence for a frame whose colours cannot be converted, with its codes of H.273."""
    codes = frame.color_primaries, frame.color_trc, frame.colorspace
    return DemoError("video_colors", matrix=f"{frame.format.name} {'-'.join(map(str, codes))}")


def notes_about(codec: str, frame: VideoFrame, transparent: bool = False) -> list[Note]:
    """What a video of H.264 in 8 bit 4:2:0 and BT.709 cannot carry of a decoded frame.

    codec: FFmpeg's name of the decoder. transparent: the container states an alpha channel.
    """
    facts = [] if codec == "h264" else [_NAMES.get(codec, codec.upper())]
    form = frame.format
    bits = max(part.bits for part in form.components)
    if bits > 8:
        facts.append(f"{bits} bit")
    if sampling := _sampling(form):
        facts.append(sampling)
    if transparent or len(form.components) in _WITH_ALPHA:
        facts.append("alpha")
    notes = [Note("video_note_converted", {"facts": ", ".join(facts)})] if facts else []
    if hdr := _HDR.get(frame.color_trc):
        notes.append(Note("video_note_hdr", {"colors": hdr}))
    elif wide := _WIDE.get(frame.color_primaries):
        notes.append(Note("video_note_gamut", {"colors": wide}))
    return notes


def _assumed(frame: VideoFrame) -> Colorspace:
    hd = min(frame.width, frame.height) >= _HD_HEIGHT
    return Colorspace.ITU709 if hd else Colorspace.ITU601


def _sampling(form: VideoFormat) -> str:
    """How colours are sampled, empty for 4:2:0."""
    if len(form.components) < 3:
        return ""
    return _SAMPLINGS.get((form.chroma_width(64), form.chroma_height(64)), form.name)


def _full_range(frame: VideoFrame) -> bool:
    return frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
