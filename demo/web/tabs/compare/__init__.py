"""The Compare tab: several models on one picture, the endpoint, and the run behind both."""

from demo.web.tabs.compare.tab import TAB

__all__ = ["TAB"]
