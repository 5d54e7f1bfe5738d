"""An input of several files, which stay as they were uploaded."""

from typing import Self

import gradio as gr
from gradio.data_classes import FileData, ListFiles
from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from demo.errors import DemoError
from demo.web.components.uploads import UploadedPath
from demo.web.tab import Label


class _Uploads(ListFiles):
    """Uploaded files, also a single one; any other value raises DemoError."""

    @model_validator(mode="wrap")
    @classmethod
    def _only_uploads(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler([value] if isinstance(value, dict) else value)
        except ValidationError:
            raise DemoError("picture_not_uploaded") from None


class FilesIn(gr.File):
    """An input whose handlers get the paths of uploaded files, untouched."""

    is_shown = False
    """On the page alone: no program is told of it, which spares the page its description."""

    @property
    def skip_api(self) -> bool:
        """Whether no endpoint has it."""
        return self.is_shown

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "file"

    def preprocess(self, payload: FileData | ListFiles | None) -> list[str]:
        """Return the paths; `UploadStore.touch` checks that they lie in the private folder."""
        if payload is None:
            return []
        assert isinstance(payload, ListFiles), "several files, since file_count is multiple"
        return [UploadedPath.of(one) for one in payload.root]


def files_in(label: Label, height: int | None = None, elem_id: str | None = None) -> FilesIn:
    """A `FilesIn` that refuses everything but uploads; without an id it is an endpoint's."""
    made = FilesIn(label=label, file_count="multiple", height=height, elem_id=elem_id)
    made.is_shown = elem_id is not None
    made.data_model = _Uploads  # gr.File's constructor has set its own
    return made
