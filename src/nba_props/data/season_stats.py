"""Season tables of rates per player (Cleaning the Glass format), joined to the FOLLOWING season only.

A season's table is known when the season is over: attached to games of the same season it would tell the model what is
still to come.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import pandas as pd

from nba_props.data.names import AMBIGUOUS, UNKNOWN, PlayerIndex
from nba_props.data.schemas import SEASON_STATS
from nba_props.data.tables import columns as _columns
from nba_props.data.tables.files import Paths, find_tables, read_table
from nba_props.data.tables.formats import SEASON_TABLE, TableFile
from nba_props.data.tables.validate import Origin, check_frame, text_in_column
from nba_props.data.teams import team_code
from nba_props.errors import DataError

_LOG: Final = logging.getLogger(__name__)

_RATES: Final[dict[str, tuple[str, ...]]] = {
    "usage": ("usage", "usage%", "usagepct", "usg%", "usgpct"),
    "ast_pct": ("ast%", "astpct"),
    "tov_pct": ("tov%", "tovpct"),
    "efg": ("efg", "efg%", "efgpct"),
    "ts_pct": ("ts%", "tspct"),
    "orb_pct": ("orb%", "orbpct", "oreb%", "orebpct", "fgorb%"),
    "drb_pct": ("drb%", "drbpct", "dreb%", "drebpct", "fgdrb%"),
    "stl_pct": ("stl%", "stlpct"),
    "blk_pct": ("blk%", "blkpct"),
    "foul_pct": ("foul%", "foulpct"),
}
"""Rates, held as fractions of 1."""

_FRACTION: Final = dict.fromkeys(_RATES, 1.0) | {
    "efg": 2.0, "ts_pct": 2.0, "orb_pct": 0.5, "drb_pct": 0.8, "stl_pct": 0.1, "blk_pct": 0.2, "foul_pct": 0.25,
}  # fmt: skip
"""No league's median is above this as a fraction: a column without signs whose median is, is in percent."""

_STATS: Final = {**_RATES, "psa": ("psa",), "ast_usg": ("ast:usg", "astusg")}
_ACCEPTED: Final = {
    "player_name": ("player", "playername", "name"),
    "season": ("season", "seasonid", "seasonyear"),
    "team": ("team", "teamabbreviation"),
    "min": ("min", "minutes", "mp"),
    **_STATS,
}
_FIX: Final = (
    "Give columns Player, Season (such as 2022-23) and any of: Usage, PSA, AST%, AST:Usg, TOV%, eFG%, ORB%, DRB%."
)


@dataclass(frozen=True)
class SeasonStatsReport:
    """What became of the season rows and of the games.

    Attributes:
        stats_rows: Player-seasons in the table.
        players_found: Of these, found in the game log.
        unknown: Names that are nobody in the log.
        ambiguous: Names that fit several players.
        games_with_stats: Of these, with a row of the season before.
    """

    stats_rows: int
    players_found: int
    unknown: tuple[str, ...]
    ambiguous: tuple[str, ...]
    games: int
    games_with_stats: int

    def frame(self) -> pd.DataFrame:
        """Tidy table: `what`, `rows`."""
        return pd.DataFrame(
            {
                "what": ["player-seasons", "found in the log", "unknown name", "ambiguous name", "player-games",
                         "player-games with the season before"],
                "rows": [self.stats_rows, self.players_found, len(self.unknown), len(self.ambiguous), self.games,
                         self.games_with_stats],
            }
        )  # fmt: skip

    def __str__(self) -> str:
        """Two lines for people."""
        lost = [f"{what}: {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
                for what, names in (("unknown", self.unknown), ("ambiguous", self.ambiguous)) if names]  # fmt: skip
        return (
            f"Season stats: {self.players_found:,} of {self.stats_rows:,} player-seasons found in the log"
            + (f" ({'; '.join(lost)})" if lost else "")
            + f"\n  {self.games_with_stats:,} of {self.games:,} player-games have the season before"
        )


@dataclass(frozen=True)
class SeasonStatsJoin:
    """The games with `prev_*` columns, and the report."""

    games: pd.DataFrame
    report: SeasonStatsReport


def load_season_stats(
    paths: Paths,
    *,
    season: str | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
) -> pd.DataFrame:
    """Load a season table: one row per player and season.

    Rates are returned as fractions (`27.5%`, or a column of numbers above 1, is divided by 100), `psa` as points per
    shot attempt (Cleaning the Glass writes points per 100). A traded player's rows of one season are averaged, weighted
    by minutes.

    Args:
        paths: Files or folders of tables with a column Player and any of the rates.
        season: Season of tables without a column Season; else it is in the name of the file or its folder.
        format: Name of a format in `nba_props.data.readers`; recognised without.

    Returns:
        Columns `player_name`, `season`, `team` (missing where not given, or several) and the rates found, as float64.

    Raises:
        DataError: Naming file, column, number of rows and the first offending ones.
    """
    if isinstance(paths, (str, PathLike)) and not Path(paths).exists():
        raise DataError(str(paths), "there is no such file", fix="Check the path.")
    parts = [_read_one(table, season) for table in find_tables(paths, SEASON_TABLE, format)]
    return _refuse_repeated_players(parts)


def _refuse_repeated_players(parts: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """The tables stacked; different rates of one player and season are put in one row."""
    key = ["player_name", "season"]
    merged = parts[0][1]
    for source, part in parts[1:]:
        shared = [name for name in part if name in merged and name not in (*key, "team")]
        both = merged[key].merge(part[key])
        if shared and len(both):
            column = ", ".join(shared)
            fix = "Keep one of the files."
            raise DataError(source, "another file has these players and rates", column=column, count=len(both), fix=fix)
        if len(both):
            merged = merged.merge(part.drop(columns="team"), on=key, how="outer")
        else:
            merged = pd.concat([merged, part], ignore_index=True)
    return merged


def _season_in_name(path: Path) -> str | None:
    """The season in the name of the file or its folder: 2022-23, 2022_23 or 2022-2023."""
    for name in (path.name, path.resolve().parent.name):
        found = re.search(r"(?<!\d)(\d{4})[-_](?:\d{2})?(\d{2})(?!\d)", name)
        if found and (int(found[1]) + 1) % 100 == int(found[2]):
            return f"{found[1]}-{found[2]}"
    return None


def _read_one(table: TableFile, season: str | None) -> tuple[str, pd.DataFrame]:
    names = _columns.resolve(table.header, _ACCEPTED)
    told = season or _season_in_name(table.path)
    missing = [name for name in ("player_name", "season") if name not in names and not (name == "season" and told)]
    stats = [name for name in _STATS if name in names]
    if missing or not stats:
        fix = f"{_FIX} Without Season, name the file or its folder after it, or give the option season."
        raise _columns.missing_columns(table.source, table.header, missing or ["Usage"], fix)
    frame = read_table(table, names, list(names))
    if "season" not in names:
        frame["season"] = told
    origin = Origin(table.source, names, ("player_name", "season"), is_parquet=table.is_parquet)
    values = {name: _numbers(frame, name, origin) for name in [*stats, *(["min"] if "min" in names else [])]}
    frame = frame.assign(
        player_name=frame["player_name"].str.strip(),
        season=_seasons(frame, origin),
        team=frame["team"].map(lambda name: team_code(str(name))).astype("str") if "team" in frame else None,
        **values,
    )
    check_frame(frame, SEASON_STATS, origin)
    return table.source, _one_per_season(frame, stats, origin)


def _numbers(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    text = frame[column].astype("str").str.strip()
    text = text.mask(frame[column].isna() | text.isin(["", "-", "–"]))
    percent = text.str.endswith("%", na=False)
    text = text.str.removesuffix("%").str.strip()
    decimal_comma = text.str.fullmatch(r"-?(?:\d+,\d{1,2}|0,\d+)", na=False).any()
    value = pd.to_numeric(text.str.replace(",", "." if decimal_comma else ""), errors="coerce").astype("float64")
    wrong = value.isna() & text.notna()
    if wrong.any():
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, "a number")
    if column in _RATES:
        # By the column, not the value: a player of one made three has an eFG of 1.5, and a steal rate of 0.9 is 0.9 %.
        in_percent = percent.any() or value[value > 0].median() > _FRACTION[column]
        return value / 100 if in_percent else value
    return value / 100 if column == "psa" and value.median() > 10 else value


def _seasons(frame: pd.DataFrame, origin: Origin) -> pd.Series:
    parts = frame["season"].str.strip().str.extract(r"^(?:[1-6])?(\d{4})(?:-(?:\d{2})?(\d{2}))?$")
    start, end = pd.to_numeric(parts[0]), pd.to_numeric(parts[1])
    coded = frame["season"].str.strip().str.fullmatch(r"[1-6]\d{4}", na=False)
    wrong = start.isna() | ~(coded | ((start + 1) % 100 == end))
    if wrong.any():
        fix = "Write the season as 2022-23 (a bare year does not say whether it begins or ends then)."
        raise text_in_column(frame, {"season": frame.index[wrong]}, origin, "a season", fix)
    year = start.astype("int64")
    return year.astype("str") + "-" + ((year + 1) % 100).astype("str").str.zfill(2)


def _one_per_season(frame: pd.DataFrame, stats: list[str], origin: Origin) -> pd.DataFrame:
    key = ["player_name", "season"]
    several = frame.duplicated(key, keep=False)
    if several.any() and "min" not in frame:
        raise DataError(
            origin.source,
            "a player has several rows in one season and there is no column MIN to weigh them by",
            fix="Add MIN, or keep one row per player and season.",
            column=origin.column("player_name"),
            count=int(several.sum()),
            rows=origin.rows(frame, frame.index[several], ["team"]),
        )
    single = frame.loc[~several, [*key, "team", *stats]]
    if not several.any():
        return single.reset_index(drop=True)
    traded = frame[several]
    weighted = {}
    for name in stats:
        weight = traded["min"].where(traded[name].notna())
        total = (traded[name] * weight).groupby([traded[k] for k in key]).sum(min_count=1)
        weighted[name] = total / weight.groupby([traded[k] for k in key]).sum(min_count=1)
    combined = pd.DataFrame(weighted).reset_index().assign(team=None)
    return pd.concat([single, combined], ignore_index=True)[[*key, "team", *stats]]


def join_season_stats(
    games: pd.DataFrame, stats: pd.DataFrame, *, aliases: Mapping[str, str] | None = None
) -> SeasonStatsJoin:
    """Attach to every player-game the season row of the season BEFORE, as columns `prev_<rate>` (NaN where none).

    Args:
        games: The `games` table.
        stats: As `load_season_stats` returns it.
        aliases: Further spellings: name in the season table -> name in the log.

    Returns:
        The games, same rows and order, with the new columns; and the report.

    Raises:
        DataError: Two season rows are the same player's.
    """
    index = PlayerIndex(games, aliases)
    teams = stats["team"] if "team" in stats else pd.Series(None, stats.index, dtype="str")
    ids = pd.Series(
        [
            index.find_in_season(name, season, None if pd.isna(team) else str(team))
            for name, season, team in zip(stats["player_name"], stats["season"], teams, strict=True)
        ],
        index=stats.index,
        dtype="int64",
    )
    known = ids > 0
    rates = [name for name in stats.columns if name in _STATS]
    previous = stats.loc[known, rates].rename(columns=lambda name: f"prev_{name}")
    previous = previous.assign(player_id=ids[known], season=stats.loc[known, "season"].map(_next_season), _found=True)
    twice = previous.duplicated(["player_id", "season"], keep=False)
    if twice.any():
        named = ", ".join(sorted(set(stats.loc[previous.index[twice], "player_name"]))[:5])
        source = "the season stats"
        problem = f"two rows of one season are the same player's ({named})"
        raise DataError(source, problem, fix="Keep one of them.", count=int(twice.sum()))
    joined = games.merge(previous, on=["player_id", "season"], how="left", validate="many_to_one")
    report = SeasonStatsReport(
        stats_rows=len(stats),
        players_found=int(known.sum()),
        unknown=tuple(sorted(set(stats.loc[ids == UNKNOWN, "player_name"]))),
        ambiguous=tuple(sorted(set(stats.loc[ids == AMBIGUOUS, "player_name"]))),
        games=len(games),
        games_with_stats=int(joined["_found"].notna().sum()),
    )
    _LOG.info("%s", report)
    return SeasonStatsJoin(joined.drop(columns="_found"), report)


def _next_season(season: str) -> str:
    start = int(re.match(r"\d{4}", season)[0]) + 1  # type: ignore[index]
    return f"{start}-{(start + 1) % 100:02d}"
