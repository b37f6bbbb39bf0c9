"""What had last been reported about each team when its props were decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from nba_props.data.availability.table import INJURY_REPORT, as_of
from nba_props.data.tables.columns import missing_columns
from nba_props.errors import DataError

_MOMENT: Final = ["game_date", "team"]


@dataclass(frozen=True)
class LastReports:
    """What was known of each team at its moment.

    Attributes:
        players: Rows of the `availability` table with their ``decision_time``: at most one per game day, team and
            player.
        teams: The moments given, in their order and on their index, with ``reported_at``: the time (UTC) of the last
            report on the team before its moment, NaT where there is none. A team with a time and without a row in
            `players` had nobody to report; of one without a time nothing is known.
    """

    players: pd.DataFrame
    teams: pd.DataFrame


def last_reports(
    availability: pd.DataFrame, moments: pd.DataFrame, *, not_submitted: pd.DataFrame | None = None
) -> LastReports:
    """Per game day and team, what the last report strictly before a decision time says.

    A report of the league covers every team that plays that day, unless it says that the team has not reported.
    Other sources cover the teams they have rows for.

    >>> table = pd.DataFrame({
    ...     "game_date": pd.Timestamp("2026-02-08"), "team": "BOS", "player": "Al Hartford", "player_id": 301,
    ...     "status": ["questionable", "out"], "reason": "Left Knee; Sprain", "source": "injury report",
    ...     "reported_at": pd.to_datetime(["2026-02-08T18:30Z", "2026-02-08T22:30Z"])})
    >>> moments = pd.DataFrame({"game_date": pd.Timestamp("2026-02-08"), "team": ["BOS", "NYK"],
    ...                         "decision_time": pd.to_datetime(["2026-02-08T22:00Z", "2026-02-08T18:00Z"])})
    >>> found = last_reports(table, moments)
    >>> found.players["status"].tolist(), found.teams["reported_at"].dt.hour.tolist()
    (['questionable'], [18.0, nan])

    Args:
        availability: The `availability` table, n rows.
        moments: ``game_date`` (US Eastern day), ``team`` (abbreviation) and ``decision_time`` (UTC; NaT: never), one
            row per game day and team.
        not_submitted: Teams that had not reported: ``game_date``, ``team``, ``reported_at``.

    Raises:
        DataError: A column is missing, a decision time has no time zone, or a team has two moments on one day.
    """
    source = "the decision moments"
    missing = [name for name in (*_MOMENT, "decision_time") if name not in moments]
    if missing:
        raise missing_columns(source, list(moments), missing, "Give game_date, team and decision_time.")
    twice = moments.duplicated(_MOMENT)
    if twice.any():
        fix = "Give one moment per game day and team."
        raise DataError(source, "a team has two moments on one day", fix=fix, count=int(twice.sum()))
    moment = moments["decision_time"]
    if len(moments) and not isinstance(moment.dtype, pd.DatetimeTZDtype):
        raise DataError(source, "it has no time zone", fix="Give UTC times, such as 2026-02-08T22:00:00Z.")
    of_row = availability[_MOMENT].merge(moments[[*_MOMENT, "decision_time"]], how="left", on=_MOMENT)
    when = of_row["decision_time"].astype("datetime64[us, UTC]").set_axis(availability.index)
    waiting = availability.iloc[:0][[*_MOMENT, "reported_at"]] if not_submitted is None else not_submitted
    league, own = _last_times(availability, waiting, moments)
    players = as_of(availability, when).merge(
        moments[[*_MOMENT, "decision_time"]].assign(_last=league.array), how="left", on=_MOMENT
    )
    stale = (players["source"] == INJURY_REPORT) & (players["reported_at"] != players["_last"])
    return LastReports(
        players=players[~stale].drop(columns="_last").reset_index(drop=True),
        teams=moments.assign(reported_at=pd.concat([league, own], axis=1).max(axis=1).astype(league.dtype)),
    )


def _last_times(
    availability: pd.DataFrame, waiting: pd.DataFrame, moments: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Time of the last report on each team before its moment, on the index of `moments`: the league's, and others'."""
    league = availability["source"] == INJURY_REPORT
    asked = moments[[*_MOMENT, "decision_time"]].assign(row=range(len(moments)))
    days = pd.concat([availability.loc[league, ["game_date", "reported_at"]], waiting[["game_date", "reported_at"]]])
    of_day = _before(asked, days.drop_duplicates(), ["game_date"])
    silent = waiting[[*_MOMENT, "reported_at"]].drop_duplicates().assign(silent=True)
    of_day = of_day.merge(silent, how="left", on=[*_MOMENT, "reported_at"])
    own = _before(asked, availability.loc[~league, [*_MOMENT, "reported_at"]].drop_duplicates(), _MOMENT)
    times = (part.set_index("row")["reported_at"].reindex(range(len(moments))) for part in
             (of_day[of_day["silent"].isna()], own))  # fmt: skip
    of_league, of_others = (part.astype("datetime64[us, UTC]").set_axis(moments.index) for part in times)
    return of_league, of_others


def _before(asked: pd.DataFrame, reports: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The last of `reports` strictly before each moment; moments without one are left out."""
    pairs = asked.merge(reports, on=keys)
    pairs = pairs[pairs["reported_at"] < pairs["decision_time"]]
    return pairs.sort_values("reported_at", kind="stable").drop_duplicates("row", keep="last")
