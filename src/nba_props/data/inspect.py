"""A dry run of the loaders: what each file is, what would be used of it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from nba_props.data.availability import load_availability
from nba_props.data.availability.formats import is_availability_file, recognised
from nba_props.data.fixtures import load_fixtures
from nba_props.data.format_names import AVAILABILITY, kind_of
from nba_props.data.game_logs import GAME_TYPES, read_game_logs
from nba_props.data.odds.load import read_odds_with_fault
from nba_props.data.odds.snapshots import is_store, read_snapshots
from nba_props.data.season_stats import load_season_stats
from nba_props.data.tables.files import forced, is_data_file, open_table
from nba_props.data.tables.formats import GAME_LOG, NO_OPTIONS, ODDS, READERS, SEASON_TABLE, Options, TableFile
from nba_props.errors import DataError


def inspect(
    paths: Sequence[str | Path],
    options: Options = NO_OPTIONS,
    *,
    format: str | None = None,  # noqa: A002 - the option's name
) -> Iterator[str]:
    """Several lines per file: its format, rows used, rows left out by cause, and what it covers; or what is wrong.

    A folder is searched one level deep; a store of line snapshots is one thing. Nothing is written, and a faulty file
    does not stop the others. With `format`, all are read in the format of that name.

    Raises:
        ConfigError: There is no such format.
    """
    if format is not None:
        kind_of(format)
    for given in map(Path, paths):
        if is_store(given):
            yield _described_or_refused(given, options, format)
            continue
        inside = [given]
        if given.is_dir():
            inside = sorted(path for path in given.iterdir() if is_data_file(path) or is_availability_file(path))
        if not inside:
            yield f"{given}: no file that a loader takes"
        yield from (_described_or_refused(path, options, format) for path in inside)


def _described_or_refused(path: Path, options: Options, name: str | None) -> str:
    try:
        return "\n  ".join(_described(path, options, name))
    except DataError as error:
        return f"{path}: refused\n  " + str(error).replace("\n", "\n  ")


def _described(path: Path, options: Options, name: str | None) -> list[str]:
    if path.is_dir():
        quotes = read_snapshots(path)
        return [f"{path}: store of line snapshots", f"rows: {len(quotes):,}", *_lines_of(quotes)]
    if (name and kind_of(name) == AVAILABILITY) or (name is None and path.suffix == ".pdf"):
        return _availability(path, name)
    table = open_table(path)
    if name is not None:
        table = forced(table, READERS[name])
    if table.kind == GAME_LOG:
        lines = _games(table, options, name)
    elif table.kind == ODDS:
        lines = _odds(table, options)
    elif table.kind == SEASON_TABLE:
        stats = load_season_stats(table.path, season=options.season)
        lines = [f"rows used: {len(stats):,}", f"seasons: {', '.join(sorted(stats['season'].unique()))}"]
    else:
        return _other(path, table)
    label = table.reader.name if table.reader else ""
    return [f"{path}: {table.kind}, {label}", *lines]


def _other(path: Path, table: TableFile) -> list[str]:
    """A file of no table format: of availability, of fixtures, or of nothing."""
    if recognised(path):
        return _availability(path, None)
    try:
        fixtures = load_fixtures(path)
    except DataError:
        return [f"{path}: not recognised (columns: {', '.join(table.header[:8])})"]
    tips = int(fixtures["tip"].notna().sum())
    return [f"{path}: fixtures", f"games: {len(fixtures):,}, with a tip: {tips:,}", _dates(fixtures["game_date"])]


def _availability(path: Path, name: str | None) -> list[str]:
    found = name or recognised(path)
    reading = load_availability(path, format=name)
    table, waiting = reading.availability, reading.not_submitted
    times = table["reported_at"]
    lines = [
        f"{path}: availability, {found}",
        f"rows used: {len(table):,}; teams that have not reported: {len(waiting):,}",
        _dates(table["game_date"]),
    ]
    if len(table):
        lines += [
            f"statuses: {_counts_text(table['status'])}",
            f"reported: {_moment(times.min())} to {_moment(times.max())}, {times.nunique():,} reports",
            f"teams: {table['team'].nunique()}; games with a tip: {int(reading.fixtures['tip'].notna().sum())}",
        ]
    return lines


def _rows_used(rows: int, read: int, dropped: dict[str, int]) -> str:
    causes = ", ".join(f"{cause} {count:,}" for cause, count in dropped.items()) or "none"
    paired = read - sum(dropped.values()) - rows
    return f"rows used: {rows:,} of {read:,}; left out: {causes}" + (f"; sides paired: {paired:,}" if paired else "")


def _games(table: TableFile, options: Options, name: str | None) -> list[str]:
    games, report = read_game_logs(table.path, game_types=tuple(GAME_TYPES), format=name, options=options)
    return [
        _rows_used(report.rows, report.rows_read, dict(report.dropped)),
        f"seasons: {', '.join(sorted(games['season'].unique()))}; games: {games['game_id'].nunique():,}; "
        f"players: {games['player_id'].nunique():,}",
        _dates(games["game_date"]),
    ]


def _odds(table: TableFile, options: Options) -> list[str]:
    odds, read, dropped, fault = read_odds_with_fault(table, options)
    faulty = [] if fault is None else ["first odd rows: " + str(fault).replace("\n", "\n  ")]
    return [_rows_used(len(odds), read, dropped), *_lines_of(odds), *faulty]


def _lines_of(odds: pd.DataFrame) -> list[str]:
    if odds.empty:
        return ["no odds row can be used"]
    stamp, tip = odds["timestamp"], odds["tip"]
    in_play = int((stamp >= tip).sum())
    bare = float((stamp == stamp.dt.normalize()).mean()) if stamp.notna().any() else 0.0
    one_sided = int((odds["over_price"].isna() | odds["under_price"].isna()).sum())
    seen = f"{_moment(stamp.min())} to {_moment(stamp.max())}" if stamp.notna().any() else "not given"
    return [
        _dates(odds["game_date"]),
        f"markets: {_counts_text(odds['market'])}",
        f"books: {_counts_text(odds['bookmaker'])}",
        f"tips known: {tip.notna().mean():.0%} of the rows; in play: {in_play:,}",
        f"seen: {seen}; snapshots: {stamp.nunique():,}; without an hour: {bare:.0%} of the rows",
        f"alternates: {int(odds['alternate'].astype(bool).sum()):,}; one side only: {one_sided:,}",
    ]


def _dates(days: pd.Series) -> str:
    known = days.dropna()
    return f"dates: {known.min().date()} to {known.max().date()}" if len(known) else "dates: not given"


def _moment(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d %H:%M}Z"


def _counts_text(column: pd.Series) -> str:
    return ", ".join(f"{name} {rows:,}" for name, rows in column.value_counts().items())
