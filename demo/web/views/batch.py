"""Several pictures at once: the parts of the page, and the lines that its script shows."""

import json
import mimetypes
from collections.abc import Mapping, Sequence

from demo.batch.pictures import LeftOut, NamedPicture
from demo.batch.run import Step
from demo.i18n import translate
from demo.results import Result
from demo.settings import Settings
from demo.web.views.answer import file_address
from demo.web.views.answers.base import AnyView
from demo.web.views.templates import render


def opener(task: str, settings: Settings) -> str:
    """The control under the input picture of a task's tab, with the limits."""
    zip_mb = max(settings.max_file_mb, settings.max_video_mb)
    return render(
        "batch_opener",
        task=task,
        count=settings.batch_pictures,
        picture_mb=f"{settings.max_file_mb:g}",
        # Nothing larger is uploaded.
        zip_mb=f"{min(zip_mb, settings.batch_mb):g}",
        all_mb=f"{settings.batch_mb:g}",
    )


def section(task: str) -> str:
    """The strip, hidden, with its totals and what one does with it."""
    return render("batch", task=task)


def head(turn: int, total: int, formats: Sequence[tuple[str, str]], locale: str) -> str:
    """The first line: which request it answers, how many pictures there are, and the formats.

    formats: name and title each.
    """
    waiting = translate("several_waiting", locale)
    return _line({"turn": turn, "total": total, "formats": formats, "waiting": waiting})


def cell(
    place: int,
    picture: NamedPicture,
    thumbnail: str,
    step: Step,
    shown: Result | None,
    view: AnyView,
    locale: str,
) -> str:
    """The line of a picture.

    Args:
        place: from 0.
        picture: its file is shown in the tab when it is chosen.
        thumbnail: path of the small picture; empty without one.
        step: what has become of it.
        shown: the result that the page shows, with names for people; None where there is none.
        view: of the task.
        locale: one of `demo.i18n.LOCALES`.
    """
    facts: dict[str, object] = {"place": place, "picture": _file(picture)}
    if thumbnail:
        facts["thumbnail"] = file_address(thumbnail)
    if isinstance(step, LeftOut):
        badge = translate("several_badge_failed", locale)
        return _line(facts | _seen(badge, sentence(step, locale)) | {"failed": True})
    assert shown is not None
    glance = view.glance(shown, locale)
    spoken = f"{step.name}: {glance.spoken}"
    return _line(facts | _seen(glance.badge, spoken) | {"failed": False, "unsure": glance.unsure})


def progress(
    state: str,
    done: int,
    text: str,
    totals: str,
    left: Sequence[LeftOut] | None,
    locale: str,
    problem: str = "",
) -> str:
    """The line of how far it is, the last of which counts.

    Args:
        state: running, done, stopped or failed.
        done: pictures that have an answer, or none for a reason.
        text: the same in words.
        totals: of what is answered.
        left: what is left out, and why; None where that was said in the line before.
        locale: one of `demo.i18n.LOCALES`.
        problem: a sentence about all of it.
    """
    line: dict[str, object] = {"state": state, "done": done, "progress": text, "totals": totals}
    if left is not None:
        line["left"] = [_reason(one, locale) for one in left]
    return _line(line | {"problem": problem})


def sentence(left: LeftOut, locale: str) -> str:
    """What is left out, by name, and why."""
    return ": ".join(filter(None, _reason(left, locale)))


def _reason(left: LeftOut, locale: str) -> tuple[str, str]:
    """The name of what is left out, unless the sentence has it, and the sentence why."""
    reason = translate(left.error.key, locale, **left.error.fields)
    return "" if left.name in reason else left.name, reason


def _file(picture: NamedPicture) -> Mapping[str, object]:
    """A file of the private folder as gradio's pictures hold it."""
    return {
        "path": str(picture.path),
        "url": file_address(str(picture.path)),
        "orig_name": picture.name.rpartition("/")[2],
        "size": picture.size_bytes,
        "mime_type": mimetypes.guess_type(picture.name)[0],
        "meta": {"_type": "gradio.FileData"},
    }


def _seen(badge: str, spoken: str) -> dict[str, object]:
    return {"badge": badge, "spoken": spoken}


def _line(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")) + "\n"
