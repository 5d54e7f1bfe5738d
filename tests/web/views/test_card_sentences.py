"""What cards say, in the languages of the page: complete, with the same numbers."""

import re

import pytest

from demo.i18n import LOCALES, strings
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ModelSpec
from demo.settings import Settings
from demo.web.views.card_sentences import localized_sentence, localized_sentences
from demo.web.views.model_card import model_card

CHINESE = LOCALES[1:]
TEXTS = {key: texts for key, texts in strings().items() if key.startswith("card_text_")}
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@pytest.fixture(scope="module")
def specs() -> list[ModelSpec]:
    engine = LocalEngine(Settings())
    try:
        return [engine.spec(row["name"]) for row in engine.models()]
    finally:
        engine.close()


def sentences(spec: ModelSpec) -> list[str]:
    """All that the card of a model says in words."""
    about = spec.about
    stated = (*about.data, *about.failures, about.good_for, about.not_for) if about else ()
    words = [text for text in (*stated, spec.source) if text]
    return [text for text in words if " " in text]  # `torchvision` is a name


def numbers(text: str) -> list[str]:
    return sorted(_NUMBER.findall(text))


@pytest.mark.parametrize("locale", CHINESE)
def test_every_sentence_of_every_card_has_a_translation_with_its_numbers(
    specs: list[ModelSpec], locale: str
) -> None:
    count = 0
    for spec in specs:
        for text in sentences(spec):
            shown = localized_sentence(text, spec.labels, locale)
            assert shown is not None, f"{spec.name}: {text}"
            assert re.search(r"[\u4e00-\u9fff]", shown), shown
            assert numbers(shown) == numbers(text), f"{spec.name}: {text}\n{shown}"
            count += 1
    assert count > 100


def test_no_translation_is_left_over(specs: list[ModelSpec]) -> None:
    stated = {text for spec in specs for text in sentences(spec)}
    for key, texts in TEXTS.items():
        pattern = "".join(
            "(.+?)" if i % 2 else re.escape(piece)
            for i, piece in enumerate(re.split(r"\{\d\}", texts["en"]))
        )
        assert any(re.fullmatch(pattern, text) for text in stated), key


def test_classes_in_a_sentence_get_their_names_also_of_a_model_without_classes() -> None:
    text = "Most frequent mistakes on the test pictures: cat taken for dog (172 times), dog taken "
    text += "for cat (166 times), bird taken for frog (78 times)."
    shown = "测试图片上最常见的错误：把猫认成狗（172 次），把狗认成猫（166 次），"
    shown += "把鸟认成青蛙（78 次）。"
    for labels in (("cat", "dog", "bird", "frog"), ()):
        assert localized_sentence(text, labels, "zh-CN") == shown
    weak = "Classes of AP50 below one half, whose boxes are often missing or wrong: "
    shown_weak = localized_sentence(f"{weak}dining table 0.01, bird 0.08.", (), "zh-TW")
    assert shown_weak is not None
    assert shown_weak.endswith("：餐桌 0.01、鳥 0.08。")


def test_a_sentence_of_the_owners_own_stays_as_it_is() -> None:
    own = "Seen by nobody else."
    assert localized_sentence(own, (), "zh-CN") is None
    assert localized_sentences((own,), (), "zh-CN") == [(own, "en")]
    assert localized_sentences((own,), (), "en") == [(own, "en")]


def test_the_card_says_which_language_a_sentence_is_in(specs: list[ModelSpec]) -> None:
    spec = next(spec for spec in specs if spec.name == "cnn-cifar10")
    card = model_card(spec, "zh-CN")
    assert 'lang="en"' not in card
    assert "任何要紧的事" in card
    assert "飞机、" in card
    assert 'lang="en"' in model_card(spec, "en")
