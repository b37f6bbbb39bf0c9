"""Kaggle's PlayerStatistics: every player-game since 1947 in one file, of which only some seasons are wanted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.parse import written_days
from nba_props.data.tables import columns as _columns
from nba_props.data.tables import stream as _stream
from nba_props.data.tables.columns import plain
from nba_props.data.tables.files import read_text, refuse_repeated
from nba_props.data.tables.formats import GAME_LOG, Brought, Options, Reader, add, first_year
from nba_props.data.tables.validate import Origin
from nba_props.data.teams import team_code_in

if TYPE_CHECKING:
    from nba_props.data.tables.formats import TableFile

_ROWS: Final = 200_000
_FIRST_SEASON: Final = 1996
"""The box scores of earlier seasons lack columns."""
_KINDS: Final = {"pre": "1", "all": "3", "pla": "4"}


def _read(table: TableFile, options: Options) -> Brought:
    wanted = {int(season[:4]) for season in options.seasons}
    names = _columns.resolve(table.header, _columns.GAME_LOG)
    date = next(name for name in table.header if plain(name) in ("gamedatetimeest", "gamedate"))
    refuse_repeated(table, [*names.values(), date])
    origin = Origin(table.source, {}, ("gameId", "personId"), is_parquet=table.is_parquet)
    parts, rows, dropped = [], 0, Counter[str]()
    whole = (
        [read_text(table)]
        if table.is_parquet or table.is_json
        else _stream.chunks(table.path, table.header, table.separator, table.encoding, _ROWS)
    )
    for chunk in whole:
        rows += len(chunk)
        day = written_days(chunk, date, origin)
        year = first_year(day)
        keep = year.isin(wanted) if wanted else year.ge(_FIRST_SEASON)
        dropped["no date"] += int(day.isna().sum())
        dropped["season not wanted"] += int((~keep & day.notna()).sum())
        part = _canonical(chunk[keep], names, day[keep], year[keep])
        for cause, column in (
            ("unknown kind of game", "season"),
            ("unknown team", "team"),
            ("unknown team", "opponent"),
        ):
            dropped[cause] += int(part[column].isna().sum())
            part = part[part[column].notna()]
        parts.append(part)
    return Brought(pd.concat(parts), rows, dict(+dropped))


def _canonical(chunk: pd.DataFrame, names: dict[str, str], day: pd.Series, year: pd.Series) -> pd.DataFrame:
    by_plain = {plain(name): name for name in chunk}
    kept = {canonical: name for canonical, name in names.items() if canonical not in ("team", "opponent", "season")}
    frame = chunk[list(kept.values())].set_axis(list(kept), axis=1)
    counts = [name for name in _columns.STATS if name in frame]
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").where(lambda s: s.notna(), frame[name]) for name in counts
    }
    sides = {side: _teams(chunk[by_plain[f"{word}teamcity"]], chunk[by_plain[f"{word}teamname"]], year)
             for side, word in (("team", "player"), ("opponent", "opponent"))}  # fmt: skip
    return frame.assign(
        **numbers,
        **sides,
        game_date=day.dt.strftime("%Y-%m-%d"),
        season=_kinds(chunk, by_plain) + year.astype("Int64").astype("str"),
    )


def _teams(city: pd.Series, nickname: pd.Series, year: pd.Series) -> pd.Series:
    """nba.com's abbreviations of the time; missing where the row's team is not in the league (an All-Star side)."""
    both = pd.DataFrame({"city": city.fillna(""), "nickname": nickname.fillna(""), "year": year.fillna(_FIRST_SEASON)})
    group, _ = pd.factorize(pd.MultiIndex.from_frame(both))
    first = both[~pd.Series(group, both.index).duplicated()]
    codes = [team_code_in(place, name, int(began)) for place, name, began in first.itertuples(index=False)]
    return pd.Series(codes, dtype="str").reindex(group).set_axis(both.index)


def _kinds(chunk: pd.DataFrame, by_plain: dict[str, str]) -> pd.Series:
    """Kind of game (a key of `GAME_TYPES`), by its name, else by the id of the game; missing where neither is known."""
    text = chunk[by_plain["gametype"]].fillna("").str.strip().str.lower()
    cup = text.str.contains("cup|in-season|in season|tournament")
    kind = text.str[:3].map(_KINDS).mask(text.str.startswith("regular") | cup, "2")
    kind = kind.mask(text.str.contains("play-in|playin|play in"), "5")
    ids = chunk[by_plain["gameid"]].str.strip().str.removesuffix(".0").str.zfill(10)
    kind = kind.fillna(ids.str.extract(r"^00([1-6])\d{7}$")[0].where(text.eq("")))
    labels = [
        chunk[by_plain[name]].fillna("").str.lower() for name in ("gamelabel", "gamesublabel") if name in by_plain
    ]
    if len(labels) == 2:
        cup |= labels[0].str.contains("cup|in-season")
        kind = kind.mask(cup & labels[1].str.contains("championship|^final$") & kind.eq("2"), "6")
    return kind


add(
    Reader(
        "Kaggle PlayerStatistics",
        GAME_LOG,
        ("firstname", "lastname", "personid", "gameid", "gamedatetimeest|gamedate", "playerteamcity", "playerteamname",
         "opponentteamcity", "opponentteamname", "gametype", "numminutes", "points"),
        _read,
    )
)  # fmt: skip
