"""What stands around the answers: header, footer and the catalog as HTML."""

from collections.abc import Iterable
from html import escape
from typing import Any

from demo.i18n import translate
from demo.models.spec import format_score
from demo.web.views.answer import everywhere, megabytes, note


def header(device: str) -> str:
    """Name, one sentence, device, light or dark, language."""
    options = "".join(
        f'<option value="{value}">{name}</option>'
        for value, name in (("en", "English"), ("zh-CN", "简体中文"), ("zh-TW", "繁體中文"))
    )
    return (
        f'<header class="top"><h1>Vitrine</h1><p>{everywhere("tagline")}</p>'
        f'<span class="badge">{escape(device)}</span>'
        f'<button id="theme-switch" type="button">◐ {everywhere("theme")}</button>'
        '<select id="language-switch" aria-label="Language · 语言 · 語言">'
        f"{options}</select></header>"
    )


def footer(minutes: float, source: str, versions: str) -> str:
    """What is kept and for how long, the licence, the source, the versions."""
    return (
        f'<footer class="foot"><span>{everywhere("footer_kept", minutes=minutes)}</span>'
        f"<span>{everywhere('footer_licence')}</span>"
        f'<a href="{escape(source)}">{everywhere("footer_source")}</a>'
        f"<span>{escape(versions)}</span></footer>"
    )


def models(rows: Iterable[dict[str, Any]], locale: str) -> str:
    """The catalog: the present ones first, then the others with the command that brings them."""
    columns = ("name", "task", "present", "bytes", "params", "scores", "licence")
    heads = "".join(
        f'<th scope="col">{escape(translate("models_" + c, locale))}</th>' for c in columns
    )
    first = sorted(rows, key=lambda row: not row["available"])
    body = "".join(_model_row(row, locale) for row in first)
    if not body:
        return note(translate("models_none", locale))
    return (
        f'<div class="scroll tall"><table class="models"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _model_row(row: dict[str, Any], locale: str) -> str:
    if row["available"]:
        where = "models_embedded" if row["embedded"] else "models_here"
        present = f"✓ {escape(translate(where, locale))}"
    else:
        present = f"<code>python -m demo.weights fetch {escape(row['name'])}</code>"
    scores = [
        f"{escape(translate('models_' + kind, locale))}: {escape(format_score(row[kind]))}"
        for kind in ("measured", "published")
        if row[kind]
    ]
    params = f"{row['params'] / 1e6:.1f} M" if row["params"] else ""
    cells = (
        f'<td class="name">{escape(row["name"])}</td>',
        f"<td>{escape(translate('tab_' + row['task'], locale))}</td>",
        f"<td>{present}</td>",
        f'<td class="num">{megabytes(row["size_bytes"])}</td>',
        f'<td class="num">{params}</td>',
        f"<td>{'<br>'.join(scores)}</td>",
        f"<td>{escape(row['licence'])}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"
