"""The card of a model as a dialog: what it knows, what it was trained on, where it errs."""

from time import monotonic_ns

from demo import tasks
from demo.i18n import translate
from demo.labels.names import display_names
from demo.models.about import About
from demo.models.score import format_score
from demo.models.spec import ModelSpec
from demo.web.views.card_sentences import localized_sentence, localized_sentences
from demo.web.views.templates import render


def model_card(spec: ModelSpec, locale: str) -> str:
    """The dialog; `models.js` opens it when it arrives."""
    about = spec.about or About()
    names = list(dict.fromkeys(display_names(spec.labels, locale)))
    sentences = {
        "card_good_for": _sentences((about.good_for,), spec, locale),
        "card_not_for": _sentences((about.not_for,), spec, locale),
        "card_data": _sentences(about.data, spec, locale)
        or [(translate("card_data_unknown", locale), locale)],
        "card_failures": _sentences(about.failures, spec, locale),
    }
    return render(
        "model_card",
        name=spec.name,
        title=spec.title,
        facts=_facts(spec, locale),
        sentences=[(key, texts) for key, texts in sentences.items() if texts],
        labels=translate("list_comma", locale).join(names),
        count=len(names),
        # A card that is opened again has to differ from the one before, or it would not arrive.
        stamp=monotonic_ns(),
        locale=locale,
    )


def _facts(spec: ModelSpec, locale: str) -> list[tuple[str, str]]:
    """String key of the name, and the text, of each fact."""
    size = ""
    if spec.params:
        size = translate("card_size", locale, params=spec.params / 1e6, side=spec.input_size)
    scores = [
        f"{format_score(score, locale)} ({translate(f'models_{kind}', locale)})"
        for kind, score in (("measured", spec.measured), ("published", spec.published))
        if score
    ]
    return [
        ("card_task", translate(tasks.find(spec.task).title, locale)),
        ("card_network", ", ".join(filter(None, (spec.architecture, size)))),
        ("card_scores", "; ".join(scores) or translate("models_unscored", locale)),
        ("card_licence", spec.licence),
        ("card_source", localized_sentence(spec.source, spec.labels, locale) or spec.source),
    ]


def _sentences(texts: tuple[str, ...], spec: ModelSpec, locale: str) -> list[tuple[str, str]]:
    """Each sentence that is there, and the locale that it is in."""
    stated = tuple(text for text in texts if text)
    return localized_sentences(stated, spec.labels, locale)
