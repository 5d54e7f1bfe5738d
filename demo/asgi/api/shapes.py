"""Shapes of answers for the OpenAPI description."""

from pydantic import BaseModel, Field, create_model

from demo.tasks.base import AnyTask


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The name of the status.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(
        description="One sentence for people, in the language of Accept-Language (en, zh-CN or"
        " zh-TW): what was wrong, and what would be right.",
        examples=["There is no option “confidnce” here; the options are model, confidence …"],
    )
    error: str = Field(description="The same sentence.")
    code: str = Field(description="Names the sentence, for programs.", examples=["api_option"])


class Timing(BaseModel):
    """Duration of each step of one answer, milliseconds."""

    decode: float
    preprocess: float
    forward: float = Field(description="The network; 0 where the answer was kept from before.")
    postprocess: float
    draw: float


class PictureAnswer(BaseModel):
    """What answers of all tasks about a picture have."""

    model: str
    weights_sha256: str = Field(description="Digest of the file of weights.")
    backend: str = Field(description="What ran the network, such as torch-cpu or openvino-f32.")
    size_wh: list[int] = Field(description="Width and height of the upright picture, pixels.")
    device: str = Field(description="For people, such as CPU · 2 cores.")
    timing_ms: Timing


def answer_shape(task: AnyTask) -> type[BaseModel]:
    """The shape of a task's answer: its own part, and what all have."""
    bases = (PictureAnswer,) if task.shape is None else (task.shape, PictureAnswer)
    made: type[BaseModel] = create_model(
        f"{task.name.title()}Answer", __base__=bases, __doc__=task.returns
    )
    return made
