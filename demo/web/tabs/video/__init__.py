"""The Video tab: an input column, options for the stream, a run and its result."""

from demo.web.tabs.video.tab import TAB

__all__ = ["TAB"]
