"""Small helpers over tables that several modules of the package need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.errors import DataError

_LARGEST_CODE: Final = 2**62
PROP_GROUP: Final = ["game_id", "player_id", "market"]
"""What a consensus, a close and a bet are about: one player's stat in one game, whatever the line."""


def require_columns(table: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    """Raise `DataError` naming the columns of `columns` that `table` lacks."""
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise DataError(
            source,
            f"missing column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            fix="See docs/contract.md for the columns of each table.",
            count=len(table),
        )


def split_results(quotes: pd.DataFrame, source: str = "quotes") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quotes without their results, and the results: code that prices and chooses bets is given only the first.

    Args:
        quotes: Quotes table (docs/contract.md), n rows, with ``actual``.
        source: Name of the table, for errors.

    Returns:
        The quotes without ``actual``, n rows; and one row per prop: `PROP_GROUP` and ``actual`` (NaN: did not play).

    Raises:
        DataError: A missing column, a result that is not a number, or a prop with two results.

    >>> keys = {"game_id": ["g", "g"], "player_id": [7, 7], "market": ["pts", "pts"]}
    >>> quotes, results = split_results(pd.DataFrame({**keys, "line": [20.5, 21.5], "actual": [22.0, 22.0]}))
    >>> list(quotes), results["actual"].tolist()
    (['game_id', 'player_id', 'market', 'line'], [22.0])
    """
    require_columns(quotes, [*PROP_GROUP, "actual"], source)
    actual = as_numbers(quotes, "actual", source)
    prop = group_codes(quotes, PROP_GROUP)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(prop), prepend=-1))
    agreed = actual[first][prop]
    differs = ~((actual == agreed) | (np.isnan(actual) & np.isnan(agreed)))
    if differs.any():
        fix = "Give one result per game, player and market."
        raise DataError(source, "a prop has two results", fix=fix, column="actual", count=int(differs.sum()))
    results = quotes[PROP_GROUP].iloc[first].reset_index(drop=True).assign(actual=actual[first])
    return quotes.drop(columns="actual"), results


def results_of(props: pd.DataFrame, results: pd.DataFrame, source: str = "results") -> Floats:
    """The result of each row of `props` (n), found by `PROP_GROUP`; NaN where the player did not play.

    >>> props = pd.DataFrame({"game_id": ["g", "g"], "player_id": [7, 8], "market": ["pts", "pts"]})
    >>> results_of(props, props[::-1].assign(actual=[11.0, 22.0])).tolist()
    [22.0, 11.0]

    Raises:
        DataError: A missing column, a result that is not a number, or a prop that is not among the results.
    """
    require_columns(results, [*PROP_GROUP, "actual"], source)
    codes = group_codes(pd.concat([results[PROP_GROUP], props[PROP_GROUP]], ignore_index=True), PROP_GROUP)
    known, sought = codes[: len(results)], codes[len(results) :]
    row = np.full(int(codes.max(initial=-1)) + 1, -1)
    row[known] = np.arange(len(results))
    unknown = row[sought] < 0
    if unknown.any():
        fix = "Give every prop a row, with NaN where the player did not play."
        raise DataError(source, "props without a result", fix=fix, count=int(unknown.sum()))
    actual: Floats = as_numbers(results, "actual", source)[row[sought]]
    return actual


def utc_nanoseconds(times: pd.Series) -> Ints:
    """Times as whole nanoseconds since 1970 in UTC; a naive time is taken as UTC.

    Asking numpy for a tz-aware column directly would build a Python object per row.

    >>> utc_nanoseconds(pd.Series(["1970-01-01 00:00:01"])).tolist()
    [1000000000]
    """
    naive = pd.to_datetime(times, utc=True).dt.tz_localize(None)
    nanoseconds: Ints = naive.to_numpy(dtype="datetime64[ns]").astype("int64")
    return nanoseconds


def utc_times(times: pd.Series, source: str) -> pd.Series:
    """Times in UTC; naive ones are taken as UTC, missing ones stay missing.

    Raises:
        DataError: Values that are not times.
    """
    try:
        return pd.to_datetime(times, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        fix = "Give times with a zone, or in UTC."
        raise DataError(source, f"not all are times ({_first_line(error)})", fix=fix, column=str(times.name)) from error


def nights(dates: pd.Series, source: str) -> pd.Series:
    """The day of each value, without time and zone: what settles together.

    >>> nights(pd.Series(["2024-01-05", "2024-01-06"], name="game_date"), "bets").dt.day.tolist()
    [5, 6]

    Raises:
        DataError: Values that are not dates, or missing ones.
    """
    column, fix = str(dates.name), "Give the US Eastern day of the game in every row."
    try:
        stamps = pd.to_datetime(dates, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise DataError(source, f"not all are dates ({_first_line(error)})", fix=fix, column=column) from error
    if stamps.isna().any():
        raise DataError(source, "missing dates", fix=fix, column=column, count=int(stamps.isna().sum()))
    return stamps.dt.tz_localize(None).dt.normalize()


def as_numbers(table: pd.DataFrame, column: str, source: str, *, missing: bool = True) -> Floats:
    """A column as float64, n; NaN for missing values.

    Raises:
        DataError: A text that is not a number; a missing value where `missing` is False.
    """
    try:
        values: Floats = table[column].to_numpy(dtype="float64", na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise DataError(
            source, f"not all are numbers ({_first_line(error)})", fix="Give numbers.", column=column
        ) from error
    absent = np.isnan(values)
    if not missing and absent.any():
        raise DataError(source, "missing values", fix="Leave such rows out.", column=column, count=int(absent.sum()))
    return values


def group_codes(table: pd.DataFrame, columns: Sequence[str]) -> Ints:
    """A whole number per row, from 0 without gaps by first appearance, equal where all `columns` are equal.

    >>> group_codes(pd.DataFrame({"game": ["b", "a", "b"], "player": [1, 1, 1]}), ["game", "player"]).tolist()
    [0, 1, 0]
    """
    codes: Ints = np.zeros(len(table), dtype="int64")
    size = 1
    for column in columns:
        part, values = table[column].factorize(use_na_sentinel=False)
        if size * (len(values) + 1) >= _LARGEST_CODE:
            codes, distinct = pd.factorize(codes)
            size = len(distinct)
        codes = codes * (len(values) + 1) + part
        size *= len(values) + 1
    compressed: Ints = pd.factorize(codes)[0].astype("int64")
    return compressed


def row_medians(values: Floats) -> tuple[Floats, Ints]:
    """Median of each row of an (n, k) array without its NaNs, and how many values it had; NaN where none.

    >>> medians, counts = row_medians(np.array([[1.0, np.nan, 4.0]]))
    >>> medians.tolist(), counts.tolist()
    ([2.5], [2])
    """
    if not values.shape[1]:
        return np.full(len(values), np.nan), np.zeros(len(values), dtype="int64")
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    rows = np.arange(len(ordered))
    low = ordered[rows, np.maximum(count - 1, 0) // 2]
    high = ordered[rows, np.minimum(count // 2, ordered.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2.0, np.nan), count.astype("int64")


def group_median(codes: Ints, values: Floats, n_groups: int) -> Floats:
    """Median of `values` (n, NaNs left out) within each of the groups 0..n_groups-1; NaN for an empty group.

    >>> group_median(np.array([0, 0, 0, 1]), np.array([1.0, 3.0, 9.0, np.nan]), 2).tolist()
    [3.0, nan]
    """
    medians = pd.Series(values).groupby(codes).median()
    result: Floats = medians.reindex(np.arange(n_groups)).to_numpy(dtype="float64", copy=True)
    return result


def _first_line(error: Exception) -> str:
    """The message of pandas, without its advice to programmers."""
    return str(error).partition("\n")[0]
