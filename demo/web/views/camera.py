"""The place of the live camera in a tab, as HTML; `live.js` runs it."""

import json
from collections.abc import Iterable
from html import escape

from demo.drawing.palette import COLOURS, hex_color
from demo.i18n import strings
from demo.web.views.answer import everywhere

_TOLD = (
    *("live_start", "live_stop", "live_record", "live_record_end", "live_waiting", "live_stats"),
    *("live_tracks", "live_crossings", "live_none", "live_unknown", "live_denied"),
    *("live_no_camera", "live_insecure", "live_lost", "live_line_draw", "live_line_keys"),
    *("live_server_stats", "live_front", "live_rear"),
)
"""What the script says by itself, in the language of the page."""


def modes() -> str:
    """The switch between a picture and the camera."""
    buttons = "".join(
        f'<button type="button" data-mode="{mode}" aria-pressed="{pressed}">'
        f"{everywhere('mode_' + mode)}</button>"
        for mode, pressed in (("picture", "true"), ("live", "false"))
    )
    return f'<div class="modes" role="group">{buttons}</div>'


def live(task: str, cameras: Iterable[str]) -> str:
    """Canvas, buttons and lines of one tab's camera; task: detect or classify.

    cameras: names of those that the server reads by itself.
    """
    words = {key: strings()[key] for key in _TOLD}
    colours = [hex_color(i) for i in range(COLOURS)]
    named = "".join(
        f'<option value="server:{escape(name)}">{escape(name)}</option>' for name in cameras
    )
    switches = _switch("mirror", checked=True)
    if task == "detect":
        switches += _switch("track", checked=True) + _switch("heat") + _switch("line")
    return (
        f'<section class="live" data-task="{task}" data-words="{_attribute(words)}" '
        f'data-colours="{_attribute(colours)}">'
        '<div class="live-view"><canvas width="640" height="360"></canvas>'
        f'<p class="live-intro">{everywhere("live_intro")}</p></div>'
        '<div class="live-side"><div class="live-bar">'
        f'<button type="button" class="go" data-act="go">{everywhere("live_start")}</button>'
        f"<label>{everywhere('live_camera')} <select data-pick>"
        f'<option value="user">{_plain("live_front")}</option>'
        f'<option value="environment">{_plain("live_rear")}</option>{named}</select></label>'
        f"{switches}"
        f'<button type="button" data-act="snapshot" disabled>{everywhere("live_snapshot")}</button>'
        f'<button type="button" data-act="record" disabled>{everywhere("live_record")}</button>'
        "</div>"
        '<div class="live-note" role="status"></div><div class="live-found"></div>'
        '<div class="live-stats"></div></div></section>'
    )


def _switch(name: str, checked: bool = False) -> str:
    on = " checked" if checked else ""
    return (
        f'<label><input type="checkbox" data-switch="{name}"{on}> '
        f"{everywhere('live_' + name)}</label>"
    )


def _plain(key: str) -> str:
    """In every language one after the other: an option holds no markup."""
    return escape(" · ".join(dict.fromkeys(strings()[key].values())))


def _attribute(value: object) -> str:
    return escape(json.dumps(value, ensure_ascii=False))
