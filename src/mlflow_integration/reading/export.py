"""Tables written to files, completely or not at all."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.values.convert import to_json
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


FORMATS: Final = (".csv", ".parquet", ".json")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _is_formula(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)


def _escape_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run as a formula (CSV injection)."""
    import pandas as pd

    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]) and not pd.api.types.is_datetime64_any_dtype(safe[name]):
            safe[name] = safe[name].map(lambda v: f"'{v}" if _is_formula(v) else v)
    return safe


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
        _in_place(path, lambda part: _escape_formulas(frame).to_csv(part, index=False, encoding="utf-8-sig"))
    elif ending == ".parquet":
        _in_place(path, lambda part: frame.to_parquet(part, index=False))
    elif ending == ".json":
        _in_place(path, lambda part: part.write_text(to_json(frame.to_dict(orient="records")), encoding="utf-8"))
    else:
        message = f"{path}: the ending must be one of {', '.join(FORMATS)}."
        raise TrackingError(message)


def _in_place(path: Path, write: Callable[[Path], object]) -> None:
    target = Path(path)
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        message = f"{target} cannot be written: {error.strerror or error}"
        raise TrackingError(message) from error
