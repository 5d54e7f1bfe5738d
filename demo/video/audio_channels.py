"""The channels of an audio track, decoded in the order that FFmpeg itself uses."""

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout

# fmt: off
_NAMES = (
    "mono", "stereo", "downmix", "2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1",
    "5.0", "5.0(side)", "4.1", "5.1", "5.1(side)", "6.0", "6.0(front)", "3.1.2", "hexagonal",
    "6.1", "6.1(back)", "6.1(front)", "7.0", "7.0(front)", "7.1", "7.1(wide)", "7.1(wide-side)",
    "5.1.2", "octagonal", "cube", "hexadecagonal",
)
# fmt: on
"""FFmpeg's standard layouts."""


class NativeChannels:
    """Brings the frames of a decoder into a standard layout, where a file has another order.

    QuickTime files may list their channels in any order. PyAV frees such a list once with each
    object that shares it, and once is too often for the process to survive; so the decoder must
    not have one, and this has to be made before its first packet.
    """

    def __init__(self, context: AudioCodecContext) -> None:
        """Change the layout of a decoder that has not been used yet, where that is necessary."""
        stated = context.layout
        self._layout = stated
        self._order: list[int] = []
        if " channels (" in stated.name:
            self._layout, self._order = _native(stated)
            # The list goes from the decoder to `stated` alone, which frees it.
            context.layout = self._layout

    @property
    def count(self) -> int:
        """Number of channels."""
        return self._layout.nb_channels

    def reorder(self, frame: AudioFrame) -> AudioFrame:
        """The decoded frame with its channels in the order of the layout that it states.

        Planar samples stay as they are: PyAV looks for a ninth plane behind the eighth.
        """
        if not self._order or frame.format.is_planar:
            return frame
        samples = frame.to_ndarray().reshape(-1, self.count)[:, self._order].reshape(1, -1)
        ordered = AudioFrame.from_ndarray(samples, frame.format.name, self._layout)
        ordered.sample_rate, ordered.pts = frame.sample_rate, frame.pts
        if frame.time_base is not None:
            ordered.time_base = frame.time_base
        return ordered


def _native(stated: AudioLayout) -> tuple[AudioLayout, list[int]]:
    """The standard layout of the same channels, and where they stand in the stated one.

    Without one, no layout but their number, and no order.
    """
    names = [channel.name for channel in stated.channels]
    for candidate in map(AudioLayout, _NAMES):
        standard = [channel.name for channel in candidate.channels]
        if sorted(standard) == sorted(names):
            return candidate, [names.index(name) for name in standard]
    return AudioLayout(f"{len(names)} channels"), []
