"""Tables written to files, completely or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.values.convert import to_json
from mlflow_integration.values.escape import CSV_OPTIONS, csv_frame, masked_frame
from nba_props.atomic import opened_atomically
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    import pandas as pd


FORMATS: Final = (".csv", ".parquet", ".json")


def write_text(text: str, path: Path) -> None:
    """Write `text` to `path`, whole or not at all; TrackingError where it cannot be written."""
    _in_place(path, lambda file: file.write(text.encode("utf-8")))


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path` in the format that its ending names.

    Raises:
        TrackingError: The ending names none of `FORMATS`, or the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending == ".csv":
        options = {**CSV_OPTIONS, "encoding": "utf-8-sig", "mode": "wb"}
        _in_place(path, lambda file: csv_frame(frame).to_csv(file, index=False, **options))
    elif ending == ".parquet":
        _in_place(path, lambda file: masked_frame(frame).to_parquet(file, index=False))
    elif ending == ".json":
        write_text(to_json(masked_frame(frame).to_dict(orient="records")), path)
    else:
        message = f"{path}: the ending must be one of {', '.join(FORMATS)}."
        raise TrackingError(message)


def _in_place(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that is there whole or not at all, and say in words why not."""
    target = Path(path)
    try:
        with opened_atomically(target) as file:
            write(file)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror or error}"
        raise TrackingError(message) from error
