"""The live camera of a tab as HTML; `static/camera.js` runs it."""

import json
from collections.abc import Iterable

from demo import tasks
from demo.drawing.palette import COLOURS, hex_color
from demo.i18n import strings
from demo.web.views.templates import render

_SCRIPT_STRINGS = (
    *("live_start", "live_stop", "live_record", "live_record_end", "live_waiting", "live_stats"),
    *("live_tracks", "live_crossings", "live_none", "live_unknown", "live_denied"),
    *("live_no_camera", "live_insecure", "live_lost", "live_line_draw", "live_line_keys"),
    *("live_server_stats", "live_front", "live_rear"),
    *("live_not_shown", "live_ended", "live_not_saved", "list_comma"),
)
"""The keys of the strings that the script shows, in the language of the page."""
_SWITCHES = (("mirror", True),)
_BOX_SWITCHES = (("track", True), ("heat", False), ("line", False))
"""Only boxes can be tracked. A switch is its name, and whether it is on at first."""


def mode_switch() -> str:
    """The switch between a picture and the live camera."""
    return render("camera_modes")


def camera_pane(task: str, cameras: Iterable[str]) -> str:
    """Canvas, buttons and status lines of one tab's camera.

    Args:
        task: name of the task.
        cameras: names of the network cameras that the server reads itself.
    """
    texts = {key: strings()[key] for key in _SCRIPT_STRINGS}
    return render(
        "camera",
        task=task,
        strings=json.dumps(texts, ensure_ascii=False),
        colors=json.dumps([hex_color(i) for i in range(COLOURS)]),
        front=_in_all_languages("live_front"),
        rear=_in_all_languages("live_rear"),
        cameras=list(cameras),
        switches=_SWITCHES + (_BOX_SWITCHES if tasks.find(task).finds_boxes else ()),
    )


def _in_all_languages(key: str) -> str:
    """In every language, joined as plain text: an <option> holds no markup."""
    return " · ".join(dict.fromkeys(strings()[key].values()))
