"""Data sets as inputs of a run: name, rows, schema and fingerprint, never the rows themselves."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from mlflow_integration.logging.operations import Operation
from mlflow_integration.values.secrets import mask_secrets

if TYPE_CHECKING:
    import pandas as pd


MAX_SCHEMA: Final = 60_000
MAX_DIGEST: Final = 36


def _schema(frame: pd.DataFrame) -> str | None:
    """MLflow's column schema as JSON, from the types alone (MLflow's own inference reads every value)."""
    kinds = {"b": "boolean", "i": "long", "u": "long", "f": "double", "M": "datetime"}
    columns = [
        {"type": kinds.get(getattr(dtype, "kind", "O"), "string"), "name": str(name), "required": False}
        for name, dtype in frame.dtypes.items()
    ]
    text = json.dumps({"mlflow_colspec": columns})
    return text if len(text) <= MAX_SCHEMA else None


def dataset_input(
    frame: pd.DataFrame, *, name: str, source: str | PurePath, fingerprint: str, context: str
) -> Operation:
    """Return the operation that logs what describes `frame`.

    Args:
        frame: The rows.
        name: Name of the data set.
        source: Where it came from, in words or as a file name; of a path the last part is kept.
        fingerprint: Hash of the data; MLflow's digest column holds its first 36 characters, the tag the whole of it.
        context: What it was used for (training, evaluation).
    """
    origin = source.name if isinstance(source, PurePath) else str(source)
    dataset = {
        "name": mask_secrets(name)[:500],
        "digest": fingerprint[:MAX_DIGEST],
        "source_type": "local",
        "source": json.dumps({"uri": mask_secrets(origin)}),
        "schema": _schema(frame),
        "profile": json.dumps({"num_rows": len(frame), "num_elements": int(frame.size)}),
    }
    return Operation(
        "inputs", {"dataset": dataset, "tags": {"mlflow.data.context": context, "fingerprint": fingerprint[:500]}}
    )
