"""The README's tables are those of the cards."""

from pathlib import Path

from demo.lab.cards.card import Card
from demo.lab.cards.classifier import ClassifierCard
from demo.lab.cards.facts import OutOfDistributionRule, Score
from demo.lab.cards.overview import rejection_table, score_table
from demo.lab.kinds.base import read_cards

ROOT = Path(__file__).parents[3]


def test_the_readme_has_the_tables_of_the_cards() -> None:
    cards = read_cards(ROOT / "weights")
    readme = (ROOT / "README.md").read_text("utf-8")
    assert score_table(cards) in readme
    assert rejection_table(cards) in readme


def card(**changes: object) -> Card:
    """A card with one score and without a rule for other pictures."""
    real = ClassifierCard.read(ROOT / "weights", "cnn-cifar10")
    score = Score(dataset="x test", metric="accuracy", value=0.75, low=0.7, high=0.8, n=1234)
    facts = {
        "name": "net",
        "size_bytes": 1_090_780,
        "params": 545_098,
        "input_size": (32, 48),
        "measured": score,
        "scores": (),
        "out_of_distribution": None,
    }
    return real.model_copy(update=facts | changes)


def test_a_row_holds_the_numbers_of_the_card() -> None:
    assert score_table([card()]).splitlines()[2:] == [
        "| `net` | 0.5 M parameters, 48 × 32 pixels | 1.1 MB | x test | accuracy 75.0% "
        "| 70.0%–80.0% | 1,234 |"
    ]


def test_further_scores_of_a_card_stand_below_its_first_one() -> None:
    second = Score(dataset="y test", metric="KID", value=0.25, low=0.2, high=0.3, n=9)
    rows = score_table([card(scores=(second,))]).splitlines()[3:]
    assert rows == ["|  |  |  | y test | KID 0.250 | 0.200–0.300 | 9 |"]


def test_only_cards_with_a_rule_are_in_the_table_of_rejection() -> None:
    rule = OutOfDistributionRule(
        method="energy",
        temperature=1,
        threshold=2,
        false_alarm=0.031,
        false_alarm_low=0.027,
        false_alarm_high=0.037,
        own=5000,
        caught=204,
        foreign=1000,
        caught_max_softmax=100,
    )
    table = rejection_table([card(), card(name="two", out_of_distribution=rule)])
    assert table.splitlines()[2:] == ["| `two` | 3.1% | 2.7%–3.7% | 204 of 1,000 |"]
