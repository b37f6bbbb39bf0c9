"""A short name for the content of a table, to tell whether two runs saw the same data."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pandas as pd

_LENGTH: Final = 16
_NOT_CONTENT: Final = frozenset({"source_file"})


def fingerprint(*frames: pd.DataFrame) -> str:
    """First 16 hexadecimal digits of a SHA-256 over the content of the tables.

    The content is the set of column names, their types and the rows with their multiplicity. The order of rows and of
    columns, the index, and the file a row came from (`source_file`) do not matter: the same season in one file or in
    three, or in another folder, is the same data. One changed value, one row more or a repeated row is not.

    Args:
        *frames: Tables, in a fixed order (games, then odds).

    Returns:
        16 characters; the probability that two different tables share them is negligible (2^-64).
    """
    digest = hashlib.sha256()
    for frame in frames:
        table = _plain(frame[sorted(name for name in frame.columns if name not in _NOT_CONTENT)])
        kinds = "|".join(f"{name}:{_kind(table[name])}" for name in table)
        digest.update(f"{len(table)}|{kinds}\n".encode())
        rows = (
            np.sort(pd.util.hash_pandas_object(table, index=False).to_numpy()) if len(table.columns) else np.array([])
        )
        digest.update(rows.astype("<u8").tobytes())
    return digest.hexdigest()[:_LENGTH]


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Times in one unit: pandas hashes the number that is stored, which depends on it."""
    times = [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name])]
    return table.assign(**{name: table[name].dt.as_unit("us") for name in times})


def _kind(column: pd.Series) -> str:
    """Type as far as it is content: text is text, however pandas stores it."""
    is_text = isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)) or pd.api.types.is_object_dtype(column)
    return "text" if is_text else str(column.dtype)
