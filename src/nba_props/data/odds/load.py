"""Prop odds: from files with one row per bookmaker, prop and time stamp to one canonical table."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Final

import pandas as pd

from nba_props.data import parse as _parse
from nba_props.data.market_names import ALTERNATE, market_key
from nba_props.data.odds.snapshots import is_store, read_snapshots
from nba_props.data.readers.side_rows import join_late_sides
from nba_props.data.schemas import ODDS, ODDS_COLUMNS
from nba_props.data.tables import columns as _columns
from nba_props.data.tables.files import Paths, find_tables, read_table
from nba_props.data.tables.formats import NO_OPTIONS, Brought, Options, TableFile, formats
from nba_props.data.tables.formats import ODDS as ODDS_KIND
from nba_props.data.tables.validate import Origin, RowError, check_frame, text_in_column, to_numbers
from nba_props.data.teams import team_code
from nba_props.data.times import EASTERN
from nba_props.errors import DataError
from nba_props.markets import MARKETS

_LOG: Final = logging.getLogger(__name__)


_TEXT: Final = ("game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "timestamp", "source_date",
                "commence_time", "event_id")  # fmt: skip
_NUMBERS: Final = ("line", "over_price", "under_price")
_DECIMAL: Final = (1.01, 30.0)
_ODD_SHARE: Final = 0.1
"""A file with more odd rows than this is refused, one with fewer loses them."""
_FIX: Final = (
    "One row per bookmaker, prop and time stamp: player_name, home_team, away_team, bookmaker, market, line, "
    "over_price, under_price (American), timestamp (UTC)."
)


def no_odds() -> pd.DataFrame:
    """The odds table without a row, for where there are no lines."""
    text = ("player_name", "home_team", "away_team", "bookmaker", "market")
    return pd.DataFrame(
        {
            "game_date": pd.Series(dtype="datetime64[us]"),
            **{name: pd.Series(dtype="str") for name in text},
            **{name: pd.Series(dtype="float64") for name in ("line", "over_price", "under_price")},
            "timestamp": pd.Series(dtype="datetime64[us, UTC]"),
            "source_date": pd.Series(dtype="datetime64[us]"),
            "event_id": pd.Series(dtype="str"),
        }
    )


def load_odds(
    paths: Paths,
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    options: Options = NO_OPTIONS,
) -> pd.DataFrame:
    """Load prop odds as they were quoted, validated but not yet joined to games.

    Markets may carry the odds vendors' names (`player_points`); teams may be full names, nicknames or abbreviations and
    become nba.com's abbreviations. A missing price means that the side is not offered; such rows are kept.

    Args:
        paths: CSV, CSV.gz, JSON or Parquet files, folders (searched one level deep; a file is recognised by its
            header), or stores of line snapshots (`nba_props.data.odds.snapshots`).
        format: Name of a format in `nba_props.data.tables.formats`; recognised without.
        options: What the files cannot say themselves.

    Returns:
        Columns `game_date` (US Eastern day, NaT where the file has none), `player_name`, `home_team`, `away_team`,
        `bookmaker`, `market`, `line`, `over_price`, `under_price` (American, NaN where not offered), `timestamp`
        (UTC; a bare date is its midnight), `source_date` (NaT where none), `event_id` (missing where none) and
        `source_file`, `tip` (UTC, NaT where unknown) and `alternate` (a rung of a ladder); rows in file order, with a
        RangeIndex.
        Exact duplicates are kept: the join counts them.

    Raises:
        DataError: Naming file, column, number of rows and the first offending ones.
    """
    given = [paths] if isinstance(paths, str | PathLike) else list(paths)
    stores = [path for path in given if is_store(path)]
    files = [path for path in given if path not in stores]
    parts = [read_snapshots(store)[list(ODDS_COLUMNS)] for store in stores]
    if files or not stores:
        read = [read_odds_file(table, options) for table in find_tables(files, ODDS_KIND, format)]
        parts += [part for part, _, _ in read]
        if not any(map(len, parts)):
            _refuse_all(str(files[0]), read)
    return pd.concat(parts, ignore_index=True)


def _refuse_all(source: str, read: Sequence[tuple[pd.DataFrame, int, dict[str, int]]]) -> None:
    left_out: Counter[str] = Counter()
    for _, _, dropped in read:
        left_out.update(dropped)
    causes = ", ".join(f"{cause} {rows:,}" for cause, rows in left_out.items()) or "the files hold none"
    rows = sum(number for _, number, _ in read)
    fix = f"Give player props of the markets {', '.join(MARKETS)}."
    raise DataError(source, f"no odds row can be used ({causes})", fix=fix, count=rows)


def read_odds_file(table: TableFile, options: Options = NO_OPTIONS) -> tuple[pd.DataFrame, int, dict[str, int]]:
    """The odds of one file, the rows it has, and cause -> rows left out. Unknown markets and a few odd rows are.

    Raises:
        DataError: See `load_odds`; more than a tenth of the rows are odd.
    """
    odds, read, dropped, fault = read_odds_with_fault(table, options)
    if dropped:
        causes = ", ".join(f"{cause} {rows:,}" for cause, rows in dropped.items())
        _LOG.warning("%s: left out: %s%s", table.source, causes, f"; {fault}" if fault else "")
    return odds, read, dropped


def read_odds_with_fault(
    table: TableFile, options: Options = NO_OPTIONS
) -> tuple[pd.DataFrame, int, dict[str, int], DataError | None]:
    """Like `read_odds_file`, with what is wrong with the first odd rows, None where there are none.

    Raises:
        DataError: See `read_odds_file`.
    """
    brought, names = _raw(table, options)
    frame, dropped = brought.frame, dict(brought.dropped)
    labels = ("player_name", "bookmaker", "timestamp")
    origin = Origin(table.source, names, labels, is_parquet=table.is_parquet)
    known = frame["market"].isna() | _map_distinct(frame["market"], market_key).isin(MARKETS)
    if known.any() and not known.all():
        dropped["unknown market"] = dropped.get("unknown market", 0) + int((~known).sum())
        frame = frame[known]
    odds, odd, fault = _without_odd_rows(frame, origin, options.decimal_prices)
    if odd:
        dropped["odd row"] = odd
    odds = odds.assign(source_file=table.path.name)[list(ODDS_COLUMNS)]
    return join_late_sides(odds) if brought.sides else odds, brought.rows, dropped, fault


def _raw(table: TableFile, options: Options) -> tuple[Brought, dict[str, str]]:
    names = _columns.resolve(table.header, _columns.ODDS)
    if table.reader and table.reader.bring and table.kind == ODDS_KIND:
        return table.reader.bring(table, options), names
    missing = [name for name in _columns.ODDS_REQUIRED if name not in names]
    if missing and table.is_json and table.reader is None:
        keys = ", ".join(table.header[:8]) or "none"
        fix = "Save the answer of The Odds API v4 to a request for the odds of an event, with its bookmakers."
        raise DataError(table.source, f"the JSON is not an event with odds (its keys: {keys})", fix=fix)
    if missing:
        fix = "It looks like a game log. " + _FIX if table.kind == "game log" else _FIX
        fix = f"{fix} {formats(table.header, ODDS_KIND)}"
        raise _columns.missing_columns(table.source, table.header, missing, fix)
    frame = read_table(table, names, [name for name in _TEXT if name in names])
    return Brought(frame, len(frame)), names


def _without_odd_rows(
    frame: pd.DataFrame, origin: Origin, decimal: bool | None
) -> tuple[pd.DataFrame, int, DataError | None]:
    rows, first = len(frame), None
    while True:
        try:
            return canonical_odds(frame, origin, decimal=decimal), rows - len(frame), first
        except RowError as error:
            first = first or error
            frame = frame.drop(index=error.index)
            if not len(error.index) or rows - len(frame) > _ODD_SHARE * rows:
                raise first from None


def canonical_odds(frame: pd.DataFrame, origin: Origin, *, decimal: bool | None = None) -> pd.DataFrame:
    """Types, markets and teams brought to their canonical form, then validated.

    Raises:
        DataError: See `load_odds`.
    """
    frame = frame.assign(**{name: _as_numerals(frame[name]) for name in _NUMBERS})
    frame = _american(to_numbers(frame, _NUMBERS, origin), decimal)
    days = {
        name: _parse.dates(frame, name, origin) if name in frame else pd.Series(pd.NaT, frame.index, "datetime64[us]")
        for name in ("game_date", "source_date")
    }
    start = pd.Series(pd.NaT, frame.index, "datetime64[us, UTC]")
    if "commence_time" in frame:
        start = _parse.utc_times(frame, "commence_time", origin)
        eastern = start.dt.tz_convert(EASTERN).dt.tz_localize(None).dt.normalize()
        days["game_date"] = days["game_date"].fillna(eastern)
    frame = frame.assign(
        **days,
        timestamp=_observed(frame, origin),
        tip=start,
        alternate=_alternates(frame),
        market=_map_distinct(frame["market"], market_key),
        player_name=frame["player_name"].astype("str").str.strip(),
        bookmaker=frame["bookmaker"].astype("str").str.strip(),
        event_id=frame["event_id"] if "event_id" in frame else pd.Series(None, frame.index, "str"),
        home_team=_teams(frame, "home_team", origin),
        away_team=_teams(frame, "away_team", origin),
    )
    check_frame(frame, ODDS, origin)
    return frame


def _as_numerals(column: pd.Series) -> pd.Series:
    """Numbers as people write them: EVEN, a unicode minus, +1,200, a decimal comma, and `25+`, which is over 24.5."""
    if not isinstance(column.dtype, pd.StringDtype) and column.dtype != object:
        return column
    is_bool = column.map(lambda value: isinstance(value, bool)).astype(bool)
    text = column.astype("str").str.strip().str.replace("[\u2212\u2013]", "-", regex=True)
    text = text.str.replace(r"(?i)^(?:even|evens|ev|evs)$", "100", regex=True)
    text = text.str.replace(r"^([+-])\s+(?=\d)", r"\1", regex=True).str.replace(r"(?<=\d)\s*\u00bd$", ".5", regex=True)
    text = text.mask(text.isin(["-", "--", "N/A", "OFF"]), "")
    if text.str.fullmatch(r"[+-]?\d+,(?:\d{1,2}|\d{4,})", na=False).any():
        text = text.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
    else:  # 1,875 without a sign may be a decimal price: it stays, and is refused
        text = text.str.replace(r"^([+-]\d{1,3}),(\d{3})$", r"\1\2", regex=True)
    at_least = text.str.extract(r"^(\d{1,3})\+$")[0].astype("float64") - 0.5
    return (
        text.mask(column.isna() | text.eq("")).astype(object).where(at_least.isna(), at_least).where(~is_bool, column)
    )


def _american(frame: pd.DataFrame, decimal: bool | None) -> pd.DataFrame:
    """American prices; a bookmaker whose prices all lie in 1.01 to 30 writes decimal ones."""
    prices = frame[["over_price", "under_price"]]
    if decimal is None:
        fits = (prices.isna() | ((prices >= _DECIMAL[0]) & (prices <= _DECIMAL[1]))).all(axis=1)
        converted = fits.groupby(frame["bookmaker"].fillna("")).transform("all")
    else:
        converted = pd.Series(decimal, frame.index)
    american = prices.where(prices >= 2, -100 / (prices - 1).where(prices > 1)).where(prices < 2, (prices - 1) * 100)
    return frame.assign(**{name: prices[name].where(~converted, american[name]) for name in prices})


def _observed(frame: pd.DataFrame, origin: Origin) -> pd.Series:
    """Times of observation, all NaT where the file has no such column."""
    if "timestamp" not in frame:
        return pd.Series(pd.NaT, frame.index, "datetime64[us, UTC]")
    seen = _parse.utc_times(frame, "timestamp", origin)
    if seen.isna().any():
        missing = {"timestamp": frame.index[seen.isna()]}
        raise text_in_column(frame, missing, origin, "a time (values are missing)", "Fill these values.")
    return seen


def _alternates(frame: pd.DataFrame) -> pd.Series:
    codes, markets = pd.factorize(frame["market"])
    named = pd.Series(markets, dtype="str").str.contains(ALTERNATE, na=False).reindex(codes, fill_value=False)
    named = named.set_axis(frame.index)
    if "alternate" not in frame:
        return named
    if frame["alternate"].dtype == bool:
        return named | frame["alternate"]
    return named | frame["alternate"].astype("str").str.strip().str.lower().isin(["true", "1", "1.0", "yes"])


def _map_distinct(column: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """`column.map(function)` worked out once per different value; what maps to None stays missing."""
    known = {value: function(str(value)) for value in column.dropna().unique()}
    return column.map(known).astype("str")


def _teams(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    codes = _map_distinct(frame[column], team_code)
    unknown = codes.isna() & frame[column].notna()
    if unknown.any():
        fix = "Write the team's full name or nba.com's abbreviation, such as Boston Celtics or BOS."
        raise text_in_column(frame, {column: frame.index[unknown]}, origin, "a team", fix)
    return codes
