"""Gradio's parser of uploads, which leaves nothing behind where the disk is full."""

from contextlib import suppress
from pathlib import Path

from gradio import route_utils
from starlette.datastructures import FormData


class UploadParser(route_utils.GradioMultiPartParser):
    """Writes the files of a form; gradio's own deletes them after faults of the form only."""

    async def parse(self) -> FormData:
        """Parse the form. Raises OSError where a file cannot be written; none is left then."""
        try:
            return await super().parse()
        except OSError:
            for file in self._files_to_close_on_error:
                with suppress(OSError):  # closing writes what is still in the buffer
                    file.close()
                Path(file.name).unlink(missing_ok=True)
            raise


def use_upload_parser() -> None:
    """Make gradio's upload route parse with `UploadParser`."""
    vars(route_utils)["GradioMultiPartParser"] = UploadParser
