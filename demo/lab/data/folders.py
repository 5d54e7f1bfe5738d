"""The local folder of data sets that the lab works on."""

from pathlib import Path

from demo.errors import DemoError


def require_folder(data: Path | None, dataset: str) -> Path:
    """`data`, for sets without an official source. Raises DemoError where it is None."""
    if data is None:
        raise DemoError("lab_data_needed", dataset=dataset)
    return data
