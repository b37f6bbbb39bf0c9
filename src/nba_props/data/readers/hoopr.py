"""hoopR / sportsdataverse player_box: ESPN's box scores with `starter`, `did_not_play` and `reason`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.tables.columns import plain
from nba_props.data.tables.files import read_text
from nba_props.data.tables.formats import GAME_LOG, Brought, Options, Reader, add
from nba_props.data.tables.validate import Origin, text_in_column
from nba_props.data.teams import team_code

if TYPE_CHECKING:
    from nba_props.data.tables.formats import TableFile

_COLUMNS: Final = {
    "game_id": "gameid", "game_date": "gamedate", "player_id": "athleteid", "player_name": "athletedisplayname",
    "team": "teamabbreviation", "opponent": "opponentteamabbreviation", "home": "homeaway", "won": "teamwinner",
    "min": "minutes", "fgm": "fieldgoalsmade", "fga": "fieldgoalsattempted", "fg3m": "threepointfieldgoalsmade",
    "fg3a": "threepointfieldgoalsattempted", "ftm": "freethrowsmade", "fta": "freethrowsattempted",
    "oreb": "offensiverebounds", "dreb": "defensiverebounds", "reb": "rebounds", "ast": "assists", "stl": "steals",
    "blk": "blocks", "tov": "turnovers", "pf": "fouls", "plus_minus": "plusminus", "pts": "points",
}  # fmt: skip
_KINDS: Final = {"1": "1", "2": "2", "3": "4", "5": "5"}
"""ESPN's season_type -> kind of game."""


def _read(table: TableFile, _options: Options) -> Brought:
    raw = read_text(table)
    raw = raw.set_axis([plain(name) for name in raw], axis=1)
    frame = raw[list(_COLUMNS.values())].set_axis(list(_COLUMNS), axis=1)
    kind = raw["seasontype"].str.removesuffix(".0").map(_KINDS)
    absent = raw["didnotplay"].fillna("").str.lower().isin(["true", "1", "1.0", "yes"])
    frame = frame.assign(
        season=kind + _first_years(raw, table),
        home=frame["home"].str.lower().map({"home": "true", "away": "false"}),
        plus_minus=frame["plus_minus"].str.removeprefix("+"),
        comment=("DNP " + raw["reason"].fillna("") if "reason" in raw else raw["didnotplay"]).where(absent),
        team=frame["team"].map(_code).astype("str"),
        opponent=frame["opponent"].map(_code).astype("str"),
    )
    causes = {
        "unknown kind of game": kind.isna(),
        "unknown team": kind.notna() & (frame["team"].isna() | frame["opponent"].isna()),
    }
    dropped = {cause: int(rows.sum()) for cause, rows in causes.items() if rows.any()}
    return Brought(frame[~causes["unknown kind of game"] & ~causes["unknown team"]], len(raw), dropped)


def _first_years(raw: pd.DataFrame, table: TableFile) -> pd.Series:
    """The year in which each season began; ESPN names a season by the year in which it ends."""
    origin = Origin(table.source, {}, ("gameid", "athletedisplayname"), is_parquet=table.is_parquet)
    ended = pd.to_numeric(raw["season"].mask(~raw["season"].str.fullmatch(r"\d{4}(?:\.0)?", na=False)))
    wrong = ended.isna()
    if wrong.any():
        fix = "Write the year in which the season ends, such as 2024."
        raise text_in_column(raw, {"season": raw.index[wrong]}, origin, "a season as ESPN has it", fix)
    return (ended.astype("int64") - 1).astype("str")


def _code(name: object) -> str | None:
    """nba.com's abbreviation; None for the sides of an All-Star game and the guests of the preseason."""
    return team_code(str(name))


add(
    Reader(
        "hoopR player_box",
        GAME_LOG,
        ("season", "seasontype", "didnotplay", *_COLUMNS.values()),
        _read,
    )
)
