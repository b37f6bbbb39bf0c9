"""Feature tables kept on disk, found again by the content they were made from and the code that made them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import time
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats
from nba_props.atomic import opened_atomically
from nba_props.content import fingerprint
from nba_props.features.build import build_features, feature_names
from nba_props.plugins import plugins_digest
from nba_props.version import code_version

_SUFFIX: Final = ".features"
_KEEP: Final = 5
_STALE_SECONDS: Final = 3600.0
_log = logging.getLogger(__name__)


def cached_features(games: pd.DataFrame, folder: Path, *, keep: int = _KEEP) -> pd.DataFrame:
    """`build_features` without reported absences, from the folder where the same code made the same table before.

    An entry that is damaged, half-written or of another shape is made again, never used. A folder that cannot be
    written costs the time of a build and nothing else.

    Args:
        games: As for `build_features`.
        folder: Where tables are kept; made where it does not exist.
        keep: Tables kept; those not used for longest are removed.

    Returns:
        What ``build_features(games)`` returns, to the last bit.

    Raises:
        DataError: If `games` cannot be used.
    """
    path = folder / f"{feature_key(games)}{_SUFFIX}"
    names = list(feature_names())
    values = _read(path, names, len(games))
    if values is not None:
        with contextlib.suppress(OSError):
            os.utime(path)
        return pd.DataFrame(values.T, index=games.index, columns=names, copy=False)
    made = build_features(games)
    try:
        _write(path, np.ascontiguousarray(made.to_numpy().T), names)
        _remove_oldest(folder, keep)
    except OSError as error:
        _log.warning("The feature table cannot be kept in %s: %s", folder.name, error)
    return made


def feature_key(games: pd.DataFrame) -> str:
    """Name of the feature table of `games`: any changed value, type, column or order of rows gives another one.

    Changed code of the package and another version of pandas or numpy give another one too. The index and the file a
    row came from do not matter: no feature reads them.

    Returns:
        32 hexadecimal digits.
    """
    made_by = [code_version("nba_props"), plugins_digest(), pd.__version__, np.__version__]
    return hashlib.sha256(json.dumps([*made_by, fingerprint(games, ordered=True)]).encode()).hexdigest()[:32]


def _read(path: Path, names: list[str], rows: int) -> Floats | None:
    """Values (k, n) of an entry; None where there is none that can be trusted."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
            values = np.fromfile(file, dtype="<f8")
    except (OSError, ValueError):
        return None
    expected = {"names": names, "rows": rows, "sha256": _checksum(values)}
    return values.reshape(len(names), rows) if header == expected else None


def _write(path: Path, values: Floats, names: list[str]) -> None:
    """Write an entry: whoever reads sees all of it or nothing."""
    header = {"names": names, "rows": values.shape[1], "sha256": _checksum(values)}
    with opened_atomically(path) as file:
        file.write(json.dumps(header).encode() + b"\n")
        file.write(values.astype("<f8", copy=False).reshape(-1).data)


def _checksum(values: Floats) -> str:
    return hashlib.sha256(values.reshape(-1).data).hexdigest()


def _remove_oldest(folder: Path, keep: int) -> None:
    """Keep the entries used last, and nothing that a killed process left half-written."""
    used = sorted(((entry.stat().st_mtime, entry) for entry in folder.glob(f"*{_SUFFIX}")), reverse=True)
    old = [entry for _, entry in used[keep:]]
    abandoned = [part for part in folder.glob("*.part") if part.stat().st_mtime < time.time() - _STALE_SECONDS]
    for path in (*old, *abandoned):
        path.unlink(missing_ok=True)
