"""basketball-reference's game log of one player; the file does not name him."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.parse import written_days
from nba_props.data.tables.columns import plain
from nba_props.data.tables.files import read_text
from nba_props.data.tables.formats import GAME_LOG, Brought, Options, Reader, add, first_year, stem
from nba_props.data.tables.validate import Origin
from nba_props.data.teams import team_code
from nba_props.errors import DataError

if TYPE_CHECKING:
    from nba_props.data.tables.formats import TableFile

_COLUMNS: Final = {
    "game_date": "date", "min": "mp", "fgm": "fg", "fga": "fga", "fg3m": "3p", "fg3a": "3pa", "ftm": "ft",
    "fta": "fta", "oreb": "orb", "dreb": "drb", "reb": "trb", "ast": "ast", "stl": "stl", "blk": "blk", "tov": "tov",
    "pf": "pf", "pts": "pts", "plus_minus": "+/-",
}  # fmt: skip
_ABSENT: Final = r"(?i)inactive|did not|not with team|suspended"
_FIRST_ID: Final = 10_000_000_000
"""Above every id of nba.com; the rest is made from the name, since the file has no id."""


def _read(table: TableFile, options: Options) -> Brought:
    raw = read_text(table)
    columns = [plain(name) for name in raw]
    at, result = _unnamed(columns)
    raw = raw.set_axis([f"{name}#{i}" if name in columns[:i] else name for i, name in enumerate(columns)], axis=1)
    raw = raw[raw["date"].ne("Date") & raw["date"].notna()]
    player = options.player or _player_of(table)
    frame = raw[list(_COLUMNS.values())].set_axis(list(_COLUMNS), axis=1)
    absent = frame["min"].isna() | frame["min"].str.contains(_ABSENT, na=False)
    stats = [name for name in _COLUMNS if name != "game_date"]
    frame[stats] = frame[stats].mask(absent)
    team, opponent = (raw[name].map(lambda code: team_code(str(code)) or str(code)) for name in _sides(columns))
    home = raw.iloc[:, at].fillna("").str.strip().ne("@")
    origin = Origin(table.source, {"game_date": "Date"}, (), is_parquet=table.is_parquet)
    days = written_days(frame, "game_date", origin)
    place = team.where(home, opponent)
    frame = frame.assign(
        game_date=days.dt.strftime("%Y-%m-%d"),
        plus_minus=frame["plus_minus"].str.removeprefix("+"),
        comment=pd.Series("DNP", frame.index).where(absent),
        player_name=player,
        player_id=str(_FIRST_ID + zlib.crc32(player.casefold().encode())),
        team=team,
        opponent=opponent,
        home=home.map({True: "true", False: "false"}),
        won=raw.iloc[:, result].str.strip().str[:1],
        season="2" + first_year(days).astype("Int64").astype("str"),
        game_id="B" + days.dt.strftime("%y%m%d") + place,
    )
    return Brought(frame, len(raw))


def _unnamed(columns: list[str]) -> tuple[int, int]:
    """Positions of the column with the @ sign and of the result; both are beside Opp, without a name."""
    opponent = columns.index("opp")
    return opponent - 1, columns.index("result") if "result" in columns else opponent + 1


def _sides(columns: list[str]) -> tuple[str, str]:
    return "tm" if "tm" in columns else "team", "opp"


def _player_of(table: TableFile) -> str:
    words = [word for word in stem(table.path).replace("-", "_").split("_") if word.isalpha()]
    words = [
        word for word in words if word.lower() not in ("gamelog", "game", "log", "logs", "bbref", "bref", "player")
    ]
    if len(words) < 2:
        fix = "Give the option player, or name the file after him, such as Jayson_Tatum.csv."
        raise DataError(table.source, "the file does not say which player it is about", fix=fix)
    return " ".join(word if any(c.isupper() for c in word) else word.title() for word in words)


add(
    Reader(
        "basketball-reference game log",
        GAME_LOG,
        ("date", "tm|team", "opp", "gs", *(name for name in _COLUMNS.values() if name != "date")),
        _read,
    )
)
