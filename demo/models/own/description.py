"""The description of an owner's file: `NAME.toml` beside it, with what the file does not say."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demo.errors import DemoError
from demo.models.score import Score
from demo.models.spec import MIN_SCORE
from demo.validate import brief

_MAX_BYTES = 1_000_000
_MAX_LABELS = 100_000
_Share = Annotated[float, Field(ge=0, le=1)]
_Side = Annotated[int, Field(ge=16, le=1280)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Text = Annotated[str, Field(max_length=200)]


class Measured(BaseModel):
    """A score of the model, see `demo.models.spec.Score`; numbers in %."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: _Text
    value: _Finite
    dataset: _Text = ""
    low: _Finite | None = None
    high: _Finite | None = None
    n: Annotated[int, Field(ge=1)] | None = None

    def score(self) -> Score:
        """The score as the catalog holds it."""
        score: Score = {"metric": self.metric, "value": self.value, "dataset": self.dataset}
        if self.low is not None and self.high is not None:
            score |= {"low": self.low, "high": self.high}
        return score if self.n is None else {**score, "n": self.n}


class Description(BaseModel):
    """`NAME.toml`; every key may be left out.

    labels: the names, or a text file beside it with one name a line. size: side of the network's
    input; resize: the shorter side of a classifier's picture before its middle is cut out, pixels.
    mean, std: of RGB in 0–1. outputs: what a classifier of an ONNX file answers with. base: of an
    ONNX file with the outputs of another model, that model's name, or its file beside this one; it
    says how pictures are prepared and how outputs are read. confidence, iou: where the sliders of a
    detector start. measured: its score.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Literal["classify", "detect", "segment", "pose", "obb"] | None = None
    architecture: _Text = ""
    labels: _Text | Annotated[list[_Text], Field(min_length=1, max_length=_MAX_LABELS)] | None = (
        None
    )
    size: _Side | None = None
    resize: _Side | None = None
    interpolation: Literal["bilinear", "bicubic"] | None = None
    mean: tuple[_Finite, _Finite, _Finite] | None = None
    std: tuple[_Positive, _Positive, _Positive] | None = None
    outputs: Literal["logits", "probabilities"] | None = None
    base: _Text = ""
    confidence: Annotated[float, Field(ge=MIN_SCORE, le=1)] | None = None
    iou: _Share | None = None
    measured: Measured | None = None
    licence: _Text = ""
    source: _Text = ""


def description_file(path: Path) -> Path:
    """Where the description of the model file `path` stands."""
    return path.with_suffix(".toml")


def read_description(path: Path) -> Description | None:
    """The description of the model file `path`; None where there is none.

    Raises DemoError for one that is not TOML, or has a key or a value that is not known.
    """
    file = description_file(path)
    if not file.is_file():
        return None
    try:
        return Description.model_validate(tomllib.loads(_text(file)))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise DemoError("own_toml", file=file.name, line=line[1] if line else "∞") from None
    except ValidationError as error:
        first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"] if not str(part).startswith("constrained"))
    if first["type"] == "extra_forbidden":
        known = ", ".join(Description.model_fields)
        raise DemoError("own_toml_key", file=file.name, word=brief(key), known=known)
    raise DemoError("own_toml_value", file=file.name, word=brief(key), got=brief(first["input"]))


def read_labels(path: Path, found: Description) -> tuple[str, ...] | None:
    """The labels of the model file `path`, from its description or the text file it names.

    None where it names none. Raises DemoError where the text file cannot be read, is not beside
    the model, or where a name is empty.
    """
    if found.labels is None:
        return None
    labels = found.labels
    if isinstance(labels, str):
        file = beside(path, labels)
        labels = _text(file).removeprefix("\ufeff").splitlines()
        while labels and not labels[-1].strip():
            labels.pop()
    names = tuple(label.strip() for label in labels)
    if not all(names) or not names:
        name = description_file(path).name
        raise DemoError("own_toml_value", file=name, word="labels", got="“”")
    return names


def beside(path: Path, name: str, key: str = "labels") -> Path:
    """A file that a key of a description names. Raises DemoError for a name with a folder."""
    if Path(name).name != name or name in ("", ".", ".."):
        file = description_file(path).name
        raise DemoError("own_toml_value", file=file, word=key, got=brief(name))
    return path.with_name(name)


def companions(path: Path) -> tuple[Path, ...]:
    """The other files that the model of the file `path` is made from, where they are there."""
    try:
        found = read_description(path)
        names = (found.labels, found.base) if found is not None else ()
        files = [beside(path, name) for name in names if isinstance(name, str) and name]
    except DemoError:  # reading the model tells what is wrong
        files = []
    return tuple(file for file in (description_file(path), *files) if file.is_file())


def _text(file: Path) -> str:
    """Raises DemoError for a file that is gone, larger than a megabyte, or not UTF-8."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
        if len(content) <= _MAX_BYTES:
            return content.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    raise DemoError("own_text", file=file.name, limit=_MAX_BYTES // 1_000_000)
