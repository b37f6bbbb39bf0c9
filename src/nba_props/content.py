"""A short hash of a table's content, to tell whether two runs saw the same data."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pandas as pd

_LENGTH: Final = 16
_NOT_CONTENT: Final = frozenset({"source_file"})


def fingerprint(*frames: pd.DataFrame, ordered: bool = False) -> str:
    """First 16 hexadecimal digits of a SHA-256 over the content of the tables.

    The content is the set of column names, their types and the rows with their multiplicity. The order of rows and of
    columns, the index, and the file a row came from (`source_file`) do not matter: the same season in one file or in
    three, or in another folder, is the same data. One changed value, an extra row or a repeated row is not.

    >>> table = pd.DataFrame({"player_id": [1, 2], "pts": [20.0, 31.0]})
    >>> fingerprint(table) == fingerprint(table[::-1]), fingerprint(table) == fingerprint(table[:1])
    (True, False)

    Args:
        *frames: Tables, in a fixed order (games, then odds). Lists and dictionaries in a column count as their text.
        ordered: The order of rows is content too.

    Returns:
        16 characters; the probability that two different tables share them is negligible (2^-64).
    """
    digest = hashlib.sha256()
    for frame in frames:
        names = [str(name) for name in frame.columns]
        order = sorted((name, place) for place, name in enumerate(names) if name not in _NOT_CONTENT)
        columns = [_plain(frame.iloc[:, place]) for _, place in order]
        kinds = "|".join(f"{name}:{_kind(column)}" for (name, _), column in zip(order, columns, strict=True))
        digest.update(f"{len(frame)}|{kinds}\n".encode())
        rows = _row_hashes(columns)
        digest.update((rows if ordered else np.sort(rows)).astype("<u8").tobytes())
    return digest.hexdigest()[:_LENGTH]


def _row_hashes(columns: list[pd.Series]) -> np.ndarray:
    """One number per row."""
    if not columns:
        return np.array([])
    table = pd.concat(columns, axis=1)
    try:
        hashes = pd.util.hash_pandas_object(table, index=False)
    except TypeError:  # lists or dictionaries
        hashes = pd.util.hash_pandas_object(table.map(repr), index=False)
    return np.asarray(hashes)


def _plain(column: pd.Series) -> pd.Series:
    """Times in one unit: pandas hashes the number that is stored, which depends on it."""
    return column.dt.as_unit("us") if pd.api.types.is_datetime64_any_dtype(column) else column


def _kind(column: pd.Series) -> str:
    """Type as far as it is content: text is text, however pandas stores it."""
    is_text = isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)) or pd.api.types.is_object_dtype(column)
    return "text" if is_text else str(column.dtype)
