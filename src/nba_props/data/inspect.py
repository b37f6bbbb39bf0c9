"""A dry run of the loaders: what each file is, what would be used of it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from nba_props.data.files import is_data_file, open_table
from nba_props.data.game_logs import GAME_TYPES, NO_OPTIONS, read_game_logs
from nba_props.data.odds import read_odds_file
from nba_props.data.readers import GAME_LOG, ODDS, SEASON_TABLE, Options, TableFile
from nba_props.data.season_stats import load_season_stats
from nba_props.errors import DataError


def inspect(paths: Sequence[str | Path], options: Options = NO_OPTIONS) -> Iterator[str]:
    """Several lines per file: its format, rows used, rows left out by cause, and what it covers; or what is wrong.

    A folder is searched one level deep. Nothing is written, and a faulty file does not stop the others.
    """
    for given in map(Path, paths):
        inside = sorted(path for path in given.iterdir() if is_data_file(path)) if given.is_dir() else [given]
        if not inside:
            yield f"{given}: no file that a loader takes"
        for path in inside:
            try:
                yield _describe(open_table(path), options)
            except DataError as error:
                yield f"{path}: refused\n  " + str(error).replace("\n", "\n  ")


def _describe(table: TableFile, options: Options) -> str:
    name = table.reader.name if table.reader else ""
    if table.kind == GAME_LOG:
        lines = _games(table, options)
    elif table.kind == ODDS:
        lines = _odds(table, options)
    elif table.kind == SEASON_TABLE:
        stats = load_season_stats(table.path, season=options.season)
        lines = [f"rows used: {len(stats):,}", f"seasons: {', '.join(sorted(stats['season'].unique()))}"]
    else:
        return f"{table.source}: not recognised (columns: {', '.join(table.header[:8])})"
    return "\n  ".join([f"{table.source}: {table.kind}, {name}", *lines])


def _used(rows: int, read: int, dropped: dict[str, int]) -> str:
    causes = ", ".join(f"{cause} {count:,}" for cause, count in dropped.items()) or "none"
    return f"rows used: {rows:,} of {read:,}; left out: {causes}"


def _games(table: TableFile, options: Options) -> list[str]:
    games, report = read_game_logs(table.path, game_types=tuple(GAME_TYPES), options=options)
    return [
        _used(report.rows, report.rows_read, dict(report.dropped)),
        f"seasons: {', '.join(sorted(games['season'].unique()))}; games: {games['game_id'].nunique():,}; "
        f"players: {games['player_id'].nunique():,}",
        f"dates: {games['game_date'].min().date()} to {games['game_date'].max().date()}",
    ]


def _odds(table: TableFile, options: Options) -> list[str]:
    odds, read, dropped = read_odds_file(table, options)
    days = odds["game_date"].dropna()
    in_play = int((odds["timestamp"] >= odds["tip"]).sum())
    return [
        _used(len(odds), read, dropped),
        f"dates: {days.min().date()} to {days.max().date()}" if len(days) else "dates: not given",
        f"markets: {_counted(odds['market'])}",
        f"books: {_counted(odds['bookmaker'])}",
        f"tips known: {odds['tip'].notna().mean():.0%} of the rows; in play: {in_play:,}; alternates: "
        f"{int(odds['alternate'].sum()):,}; snapshots: {odds['timestamp'].nunique():,}",
    ]


def _counted(column: pd.Series) -> str:
    return ", ".join(f"{name} {rows:,}" for name, rows in column.value_counts().items())
