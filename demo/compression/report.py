"""What is known of a model's precisions, as far as it has come."""

from dataclasses import dataclass

from demo.batch.pictures import LeftOut
from demo.compare.differences.base import Change
from demo.compare.measure import Latency
from demo.compression.labels.base import SetScore
from demo.errors import DemoError
from demo.i18n import translate
from demo.models.spec import ModelSpec
from demo.tasks.base import JsonObject


@dataclass(frozen=True, slots=True)
class ChangedPicture:
    """A picture whose answer is another one than that of the reference.

    name: in the set. shown: path of a small picture with the difference; empty for none.
    """

    name: str
    change: Change
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One precision.

    precision: its name. backend: that ran it; empty until it has answered. size_bytes: of the
    weights. latency: of warm passes of the first picture. answered: number of pictures with an
    answer. compared: of those that the reference answers, too. changed: in the order of the set.
    score: None before the end, and without labels. fault: why it cannot be compared.
    """

    precision: str
    backend: str = ""
    size_bytes: int | None = None
    latency: Latency | None = None
    answered: int = 0
    compared: int = 0
    changed: tuple[ChangedPicture, ...] = ()
    score: SetScore | None = None
    fault: DemoError | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All precisions of a model on one set of pictures.

    total: number of pictures. rows: in the order of the request; `reference` is the first that
    answers, with which the others are compared. left: pictures without an answer. notes: about the
    labels. working: the precision under way, None for none.
    """

    spec: ModelSpec
    total: int
    rows: tuple[Row, ...]
    left: tuple[LeftOut, ...] = ()
    notes: tuple[DemoError, ...] = ()
    working: str | None = None
    done: bool = False

    @property
    def reference(self) -> str | None:
        """The precision that the others are compared with; None while none has answered."""
        return next((row.precision for row in self.rows if row.fault is None), None)


def report_facts(report: Report, locale: str) -> JsonObject:
    """The JSON of `/compare` with precisions; locale: language of the sentences."""
    return {
        "task": report.spec.task,
        "model": report.spec.name,
        "pictures": report.total,
        "reference": report.reference,
        "precisions": [_row_facts(row, locale) for row in report.rows],
        "left_out": [
            {"picture": one.name, "reason": sentence(one.error, locale)} for one in report.left
        ],
        "notes": [sentence(note, locale) for note in report.notes],
    }


def sentence(fault: DemoError, locale: str) -> str:
    """The sentence of an error in a language."""
    return translate(fault.key, locale, **fault.fields)


def _row_facts(row: Row, locale: str) -> JsonObject:
    if row.fault is not None:
        return {"precision": row.precision, "error": sentence(row.fault, locale)}
    facts: JsonObject = {
        "precision": row.precision,
        "backend": row.backend,
        "size_bytes": row.size_bytes,
        "latency_ms": row.latency.as_dict() if row.latency else None,
        "compared": row.compared,
        "changed": [
            {
                "picture": one.name,
                "before": [said.as_dict() for said in one.change.before],
                "after": [said.as_dict() for said in one.change.after],
            }
            for one in row.changed
        ],
    }
    return facts if row.score is None else {**facts, "score": row.score.as_dict()}
