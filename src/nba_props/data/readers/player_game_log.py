"""nba_api's PlayerGameLog: one player's season, with his id alone; his team comes first in MATCHUP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nba_props.data.tables import columns as _columns
from nba_props.data.tables.columns import plain
from nba_props.data.tables.files import read_text
from nba_props.data.tables.formats import GAME_LOG, Brought, Options, Reader, add

if TYPE_CHECKING:
    import pandas as pd

    from nba_props.data.tables.formats import TableFile

_NEEDS = ("seasonid", "playerid", "gameid", "gamedate", "matchup", "wl", "min", "fgm", "fga", "pts")


class _PlayerGameLog(Reader):
    def lacks(self, header: list[str] | tuple[str, ...]) -> list[str]:  # type: ignore[override]
        given = {plain(name) for name in header}
        named = {"playername", "teamabbreviation"} & given
        return [*super().lacks(header), *(f"no column {name}" for name in sorted(named))]


def _read(table: TableFile, options: Options) -> Brought:
    raw = read_text(table)
    names = _columns.resolve(table.header, _columns.GAME_LOG)
    frame = raw[list(names.values())].set_axis(list(names), axis=1)
    team: pd.Series = frame["matchup"].str.strip().str.extract(r"^([A-Z]{2,4})\b")[0]
    return Brought(frame.assign(team=team, player_name=options.player), len(frame))


add(_PlayerGameLog("PlayerGameLog", GAME_LOG, _NEEDS, _read))
