"""Tables written to files, completely or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.values.convert import to_json
from mlflow_integration.values.escape import CSV_OPTIONS, csv_frame, masked_frame
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


FORMATS: Final = (".csv", ".parquet", ".json")


def write_text(text: str, path: Path) -> None:
    """Write `text` to `path`: first beside it, then into place, so that no reader finds half a file.

    Raises:
        TrackingError: The file cannot be written.
    """
    _in_place(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path` in the format that its ending names.

    Raises:
        TrackingError: The ending names none of `FORMATS`, or the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending == ".csv":
        _in_place(path, lambda part: csv_frame(frame).to_csv(part, index=False, encoding="utf-8-sig", **CSV_OPTIONS))
    elif ending == ".parquet":
        _in_place(path, lambda part: masked_frame(frame).to_parquet(part, index=False))
    elif ending == ".json":
        _in_place(
            path, lambda part: part.write_text(to_json(masked_frame(frame).to_dict(orient="records")), encoding="utf-8")
        )
    else:
        message = f"{path}: the ending must be one of {', '.join(FORMATS)}."
        raise TrackingError(message)


def _in_place(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target, force it to the disk, and only then give it its name."""
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(target)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror or error}"
        raise TrackingError(message) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
