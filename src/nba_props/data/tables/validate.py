"""From declared pandera schemas to one `DataError` that says how to fix the file.

Importing pandera takes most of a second, so `nba_props.data` imports its modules only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrorReason

from nba_props.errors import DataError

_SHOWN: Final = 5


@dataclass(frozen=True)
class Origin:
    """Where a frame came from, for messages: the file, its own column names, how its rows are counted.

    Attributes:
        source: The file as the user named it.
        names: Canonical name -> column name in the file.
        labels: Canonical columns that identify a row to the reader.
        is_parquet: Rows are counted from 1; in a CSV by line, the first row being line 2.
    """

    source: str
    names: Mapping[str, str]
    labels: Sequence[str]
    is_parquet: bool = False

    def column(self, canonical: str) -> str:
        """The column as the file names it."""
        return self.names.get(canonical, canonical)

    def rows(self, frame: pd.DataFrame, index: pd.Index, columns: Sequence[str] = ()) -> str:
        """The first rows of `index`, one line of text each."""
        shown = list(dict.fromkeys(c for c in (*self.labels, *columns) if c in frame.columns))
        where, offset = ("row", 1) if self.is_parquet else ("line", 2)
        lines = []
        for position in index[:_SHOWN]:
            cells = ", ".join(f"{self.column(c)} {_text(frame.at[position, c])}" for c in shown)  # noqa: PD008 - one cell
            lines.append(f"  {where} {position + offset}: {cells}")
        return "\n".join(lines + (["  ..."] if len(index) > _SHOWN else []))


def _text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class RowError(DataError):
    """A `DataError` about some rows, which can be left out: `index` names them."""

    index: pd.Index


def _of_rows(error: RowError, index: pd.Index) -> RowError:
    error.index = index
    return error


def rule(test: Any, problem: str, fix: str, *, column: str | None = None) -> pa.Check:  # noqa: ANN401 - any predicate
    """A pandera check that knows what is wrong and what to do, in words.

    `test` takes a column and returns a boolean Series. A rule over the whole frame names the column it is reported
    under.
    """
    return pa.Check(test, name=column, title=problem, description=fix, error=problem, ignore_na=column is None)


def check_frame(frame: pd.DataFrame, schema: pa.DataFrameSchema, origin: Origin) -> None:
    """Validate `frame`, all rules at once.

    Raises:
        DataError: The first broken rule with its rows; the other broken rules are named after it.
    """
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise _as_data_error(frame, error.schema_errors, origin) from error


def _as_data_error(frame: pd.DataFrame, failures: Sequence[Any], origin: Origin) -> DataError:
    described = [_describe(failure) for failure in failures]
    column, problem, fix, index = described[0]
    also = "; ".join(f"column {origin.column(c)}: {p} ({len(i):,} rows)" for c, p, _, i in described[1:4])
    error = RowError(
        origin.source,
        problem,
        fix=fix + (f" Also wrong: {also}." if also else ""),
        column=origin.column(column),
        count=len(index),
        rows=origin.rows(frame, index, [column]),
    )
    return _of_rows(error, index)


def _describe(failure: Any) -> tuple[str, str, str, pd.Index]:  # noqa: ANN401 - pandera's SchemaError is untyped
    check = failure.check
    if failure.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
        column, problem, fix = str(failure.schema.name), "values are missing", "Fill these values or remove the rows."
    elif failure.reason_code is SchemaErrorReason.WRONG_DATATYPE:
        column = str(failure.schema.name)
        problem, fix = f"the column has another type than {failure.schema.dtype}", "Convert the column."
        return column, problem, fix, pd.Index([])
    else:
        column = str(failure.schema.name or check.name)
        problem, fix = str(check.title), str(check.description)
    return column, problem, fix, pd.Index(pd.unique(failure.failure_cases["index"]))


def to_numbers(frame: pd.DataFrame, columns: Sequence[str], origin: Origin) -> pd.DataFrame:
    """Copy of `frame` with `columns` as float64 (missing stays NaN).

    Raises:
        DataError: A column holds text, naming the first rows that do.
    """
    converted, broken = {}, {}
    for column in columns:
        values = pd.to_numeric(frame[column], errors="coerce").astype("float64")
        wrong = values.isna() & frame[column].notna()
        if pd.api.types.is_bool_dtype(frame[column].dtype) or frame[column].dtype == object:
            wrong |= frame[column].map(lambda value: isinstance(value, (bool, np.bool_))).astype(bool)
        if frame[column].dtype.kind in "mM" or isinstance(frame[column].dtype, pd.DatetimeTZDtype):
            wrong = frame[column].notna()  # pandas converts a time to its nanoseconds
        if wrong.any():
            broken[column] = frame.index[wrong]
        converted[column] = values
    if broken:
        raise text_in_column(frame, broken, origin, "a number")
    return frame.assign(**converted)


def text_in_column(
    frame: pd.DataFrame, broken: Mapping[str, pd.Index], origin: Origin, wanted: str, fix: str = ""
) -> RowError:
    """The error for values of the wrong type, column -> index of the rows concerned."""
    column, index = next(iter(broken.items()))
    others = "; ".join(f"column {origin.column(c)} ({len(i):,} rows)" for c, i in list(broken.items())[1:4])
    error = RowError(
        origin.source,
        f"wrong type: the value is not {wanted}",
        fix=(fix or "Correct these values, or leave them empty.") + (f" Also wrong: {others}." if others else ""),
        column=origin.column(column),
        count=len(index),
        rows=origin.rows(frame, index, [column]),
    )
    return _of_rows(error, index)
