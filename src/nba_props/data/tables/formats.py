"""How files are recognised by the formats that people have, one file each in `nba_props.data.readers`.

A reader says by which columns (or JSON keys) it knows a file, what kind of table that is, and brings the file to the
columns that the pipeline of its kind takes. A format is added by one module that adds a `Reader` to `READERS`; the
first one that fits a header reads the file, so that special formats come before general ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nba_props.data.tables.columns import classify, plain
from nba_props.plugins import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd


GAME_LOG: Final = "game log"
ODDS: Final = "odds"
SEASON_TABLE: Final = "season table"


@dataclass(frozen=True)
class TableFile:
    """One readable file: its path, its header and the format the header says it is.

    Attributes:
        header: Column names; of JSON the keys of the first object.
        reader: The format that recognised it, None where none did.
        separator: Of a text file; empty for JSON and Parquet.
        encoding: Of a text file.
    """

    path: Path
    header: tuple[str, ...]
    reader: Reader | None
    separator: str = ""
    encoding: str = "utf-8"

    @property
    def source(self) -> str:
        """The file as messages name it."""
        return str(self.path)

    @property
    def kind(self) -> str:
        """What kind of table it is: that of its format, or "other"."""
        return self.reader.kind if self.reader else "other"

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet (rows are then counted from 1 and not by lines of text)."""
        return self.path.suffix == ".parquet"

    @property
    def is_json(self) -> bool:
        """Whether the file is JSON."""
        return not self.separator and not self.is_parquet


@dataclass(frozen=True)
class Options:
    """What a file does not say itself.

    Attributes:
        player: The player of a file that has one and does not name him.
        season: The season of a table that does not name it, such as `2023-24`.
        seasons: Seasons to keep; all that have complete box scores where empty.
        decimal_prices: Whether prices are decimal; None: recognised.
    """

    player: str | None = None
    season: str | None = None
    seasons: tuple[str, ...] = ()
    decimal_prices: bool | None = None


NO_OPTIONS: Final = Options()


@dataclass(frozen=True)
class Brought:
    """A file brought to the columns of the pipeline.

    Attributes:
        frame: Canonical column names; the index is the row of the file, counted from 0.
        rows: Rows of the file, those left out included.
        dropped: Cause -> rows left out.
        sides: Whether the file had one row per side, so that a quote's other side may have been seen a moment later.
    """

    frame: pd.DataFrame
    rows: int
    dropped: dict[str, int] = field(default_factory=dict)
    sides: bool = False


@dataclass(frozen=True)
class Reader:
    """One format.

    Attributes:
        name: As `format=` and messages have it.
        kind: GAME_LOG, ODDS or SEASON_TABLE.
        needs: Columns or keys (without case, spaces and underscores); of several separated by `|` one will do.
        bring: Brings a file to the pipeline's columns; None where it has them already.
    """

    name: str
    kind: str
    needs: tuple[str, ...]
    bring: Callable[[TableFile, Options], Brought] | None = None
    is_json: bool = False

    def lacks(self, header: Sequence[str]) -> list[str]:
        """The needs that the header does not meet."""
        given = {plain(name) for name in header}
        return [need for need in self.needs if not given & set(need.split("|"))]


READERS: Final = Registry[Reader](
    "format",
    home=[
        f"nba_props.data.readers.{name}"
        for name in ("kaggle", "hoopr", "basketball_reference", "player_game_log", "nba_com", "odds_api", "side_rows",
                     "quote_rows", "pickem", "cleaning_the_glass")
    ],
)  # fmt: skip


def add(reader: Reader) -> Reader:
    """Add a format under its own name; ConfigError where the name is taken."""
    return READERS.add(reader.name, reader)


def recognise(header: Sequence[str], kind: str | None = None, *, json: bool = False) -> Reader | None:
    """The first format whose needs the header meets, preferably of `kind`; None where there is none."""
    fits = [reader for _, reader in READERS.items() if reader.is_json <= json and not reader.lacks(header)]
    fits.sort(key=lambda reader: reader.is_json != json)  # JSON may hold the rows of a table too
    found = next((reader for reader in fits if reader.kind == kind), fits[0] if fits else None)
    # A table that lacks a column or two is read all the same, so that the error can say which.
    nearly = {GAME_LOG: "LeagueGameLog", ODDS: "quote rows"}.get(classify(header))
    return READERS[nearly] if nearly and not found else found


def formats(header: Sequence[str], kind: str) -> str:
    """The formats of a kind, and what the nearest one lacks, for the error about a file that none recognises."""
    known = [reader for _, reader in READERS.items() if reader.kind == kind]
    near = min(known, key=lambda reader: len(reader.lacks(header)) / len(reader.needs))
    lacking = ", ".join(need.replace("|", " or ") for need in near.lacks(header))
    nearest = f" The nearest is {near.name}" + (f", which lacks: {lacking}." if lacking else ".")
    return f"Known formats: {', '.join(reader.name for reader in known)}.{nearest}"


def first_year(days: pd.Series) -> pd.Series:
    """First year of the season of each day; 2019-20 lasted until October 2020.

    >>> import pandas as pd
    >>> first_year(pd.Series(pd.to_datetime(["2024-11-01", "2025-04-01", "2020-10-11"]))).tolist()
    [2024, 2024, 2019]
    """
    interrupted = (days.dt.year == 2020) & (days.dt.month <= 10)
    return days.dt.year - ((days.dt.month < 9) | interrupted)


def stem(path: Path) -> str:
    """The name of a file without its endings."""
    return path.name.partition(".")[0]
