"""The Video tab."""

from demo.web.tabs.video.tab import TAB

__all__ = ["TAB"]
