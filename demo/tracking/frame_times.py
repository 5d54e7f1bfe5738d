"""Spans of time as numbers of frames, whatever the frame rate is and however it changes."""

from collections import deque


class FrameTimes:
    """The times of the latest frames of one stream."""

    def __init__(self, span_s: float) -> None:
        """span_s: the span whose frames are counted, seconds."""
        self._span_s = span_s
        self._times: deque[float] = deque()

    def add(self, seconds: float) -> int:
        """Add the next frame; returns how many frames before it the span covers.

        seconds: presentation time, rising. A span that ends within half an interval after a frame
        covers it, as if it were rounded to whole frames.
        """
        slack_s = (seconds - self._times[-1]) / 2 if self._times else 0.0
        while self._times and seconds - self._times[0] > self._span_s + slack_s:
            self._times.popleft()
        self._times.append(seconds)
        return len(self._times) - 1
