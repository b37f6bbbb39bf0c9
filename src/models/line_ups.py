"""Who was known to be out when props were decided, and the features that follow from it."""

from __future__ import annotations

from typing import Final, Literal

import pandas as pd

from nba_props.data.availability import last_reports
from nba_props.data.times import EASTERN
from nba_props.features import AVAILABILITY_GROUPS, Absences, build_features

OUT: Final = ("out", "doubtful")
"""Statuses that count as out: few of the doubtful play, about half of the questionable do."""

LAST_GAME, REPORTED, STAND_IN = "last game", "reported", "stand-in from box scores"
"""How runs say that absences were known."""

_NOON: Final = pd.Timedelta(hours=12)
_BEFORE_TIP: Final = pd.Timedelta(hours=1)


def reported_line_ups(
    games: pd.DataFrame, availability: pd.DataFrame, not_submitted: pd.DataFrame | None, moments: pd.DataFrame
) -> pd.DataFrame:
    """The columns of the line-up groups by what was reported before each moment; rows as in `games`.

    Args:
        games: The games table, n rows.
        availability: The availability table, with the players' ids.
        not_submitted: Teams that had not reported: ``game_date``, ``team``, ``reported_at``.
        moments: ``game_date``, ``team`` and ``decision_time`` (UTC), one row per team-game.
    """
    known = last_reports(availability, moments, not_submitted=not_submitted)
    out = known.players[known.players["status"].isin(OUT) & known.players["player_id"].notna()]
    reported = known.teams[known.teams["reported_at"].notna()]
    absences = Absences(out=out[["game_date", "team", "player_id"]], reported=reported[["game_date", "team"]])
    return build_features(games, groups=AVAILABILITY_GROUPS, absences=absences)


def decision_moments(
    games: pd.DataFrame, quotes: pd.DataFrame, fixtures: pd.DataFrame, decision: Literal["open", "close"]
) -> pd.DataFrame:
    """When the props of each game were decided: what was reported from then on is not known.

    With lines it is the first quote of the game ("open"), or the earliest of the props' last quotes ("close"); props
    that end void cannot be bet on and do not count. Games without lines are decided at the usual time of day of those
    with lines (noon Eastern without any), and not later than an hour before the tip where that is known. Quotes, of all
    markets and joined to the games, and fixtures may be empty.

    Returns:
        ``game_date``, ``team`` and ``decision_time`` (UTC), one row per team-game of the table.
    """
    team_games = games[["game_id", "game_date", "team"]].drop_duplicates(["game_id", "team"])
    quotes = quotes[quotes["actual"].notna()]
    if decision == "close":
        quotes = quotes.groupby(["game_id", "player_id", "market"], as_index=False)["observed_at"].max()
    lined = quotes.groupby("game_id")["observed_at"].min().astype("datetime64[us, UTC]")
    moment = lined.reindex(team_games["game_id"]).set_axis(team_games.index)
    day = team_games["game_date"]
    local = moment.dt.tz_convert(EASTERN).dt.tz_localize(None)
    clock = (local - day).median() if moment.notna().any() else _NOON
    usual = (day + clock).dt.tz_localize(EASTERN).dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    latest = _tips(team_games, fixtures) - _BEFORE_TIP
    usual = usual.where(latest.isna() | (usual <= latest), latest)
    return team_games[["game_date", "team"]].assign(decision_time=moment.fillna(usual)).reset_index(drop=True)


def _tips(team_games: pd.DataFrame, fixtures: pd.DataFrame) -> pd.Series:
    """Tip of each team-game, NaT where it is not known; on its index."""
    known = fixtures.dropna(subset="tip")
    both = pd.concat([known.rename(columns={side: "team"})[["game_date", "team", "tip"]] for side in ("home", "away")])
    found = team_games[["game_date", "team"]].merge(both.drop_duplicates(["game_date", "team"]), how="left")
    return found["tip"].astype("datetime64[us, UTC]").set_axis(team_games.index)
