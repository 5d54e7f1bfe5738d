"""A row of the list of models."""

from pathlib import Path

from demo.inference.catalog import Catalog
from demo.inference.engine import ModelRow
from demo.models.lineage import lineage
from demo.models.spec import ModelSpec


def model_row(
    catalog: Catalog, spec: ModelSpec, path: Path | None, backend: str | None
) -> ModelRow:
    """What is known of a model.

    Args:
        catalog: that it is of.
        spec: its facts.
        path: its file, where it is here.
        backend: by which it answers now.
    """
    obstacle = catalog.obstacle(spec) if path is None else None
    is_embedded = path is not None and path == spec.weights.embedded
    # Most models of the catalog are not here; no file is looked for on their behalf.
    size_bytes = spec.weights.size_bytes if path is None else catalog.size_bytes(spec.name)
    return {
        "name": spec.name,
        "title": spec.title,
        "task": spec.task,
        "available": path is not None,
        "embedded": is_embedded and not spec.own and not spec.weights.package,
        "packaged": is_embedded and bool(spec.weights.package),
        "own": spec.own,
        "command": spec.command,
        "obstacle": "" if obstacle is None else obstacle.key,
        "file": spec.weights.official,
        "lineage": lineage(spec),
        "params": spec.params,
        "size_bytes": size_bytes,
        "published": spec.published,
        "measured": spec.measured,
        "licence": spec.licence,
        "source": spec.source,
        "input_size": spec.input_size,
        "classes": len(spec.labels),
        "resident": backend is not None,
        "backend": backend,
    }
