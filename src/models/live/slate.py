"""The slate of a night: who plays, what is known of them before the first tip, and the lines on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from models.data import IDENTITY, row_by_row
from models.live.absences import slate_line_ups
from nba_props.betting import flag_quotes
from nba_props.content import fingerprint
from nba_props.data import join_odds, no_odds
from nba_props.data.availability.join import season_of
from nba_props.data.odds.join import canonical_quotes
from nba_props.data.schemas import ODDS_COLUMNS
from nba_props.data.times import EASTERN
from nba_props.errors import DataError
from nba_props.features import build_features, mean_minutes_before, prior_games_in_season

if TYPE_CHECKING:
    from models.data import TrainingData
    from models.live.absences import Decision
    from nba_props.data.availability import AvailabilityReading


_TEAM_GAMES: Final = 10
_APPEARANCES: Final = 3


@dataclass(frozen=True)
class Slate:
    """One night before it is played.

    Attributes:
        date: The night (US Eastern day).
        players: Who has a line or is expected to play, columns `IDENTITY`; one row each.
        features: Their features, float32, as-of; index of `players`.
        mean_minutes: Their mean minutes of the season so far, same index; NaN where there is none.
        met: Whether they have an earlier game this season, same index: only then is there a forecast.
        quotes: Lines of the night joined to them, with ``reason`` (`flag_quotes`; '' for the good ones).
        fingerprint: Short hash of the box scores before the night and of its lines.
        quotes_fingerprint: Short hash of the lines alone.
        kind: "SIMULATED" or "real".
        source: Where the rows came from.
        warnings: What the reader should know, a line each.
    """

    date: pd.Timestamp
    players: pd.DataFrame
    features: pd.DataFrame
    mean_minutes: pd.Series
    met: pd.Series
    quotes: pd.DataFrame
    fingerprint: str
    quotes_fingerprint: str
    kind: str
    source: str
    warnings: tuple[str, ...] = ()

    def quotes_of(self, market: str) -> pd.DataFrame:
        """Lines of one market, in their order."""
        return self.quotes[self.quotes["market"] == market].reset_index(drop=True)


def slate_of_data(data: TrainingData, date: pd.Timestamp, flagged: pd.DataFrame) -> Slate:
    """The slate of a night within prepared data: its rows of the one feature table, their results left out.

    The features of a row do not depend on later games, so these are the ones that `build_slate` makes on the evening.
    `flagged` holds all quotes of the data as `flag_by_market` returns them.
    """
    rows = (data.games["game_date"] == date).to_numpy()
    players = data.games.loc[rows, IDENTITY]
    if players.empty:
        fix = "Give a night that was played."
        raise DataError(data.source, f"no game on {date.date()}", fix=fix)
    until = data.games[(data.games["game_date"] <= date) & (data.games["season"] == players["season"].iloc[0])]
    tonight = flagged[flagged["game_date"] == date].reset_index(drop=True).assign(actual=np.nan)
    return Slate(
        date=date,
        players=players.reset_index(drop=True),
        features=data.features.loc[rows].reset_index(drop=True),
        mean_minutes=mean_minutes_before(until)[players.index].reset_index(drop=True),
        met=(prior_games_in_season(until)[players.index] > 0).reset_index(drop=True),
        quotes=tonight,
        fingerprint=data.fingerprint,
        quotes_fingerprint=fingerprint(tonight),
        kind=data.kind,
        source=data.source,
    )


def build_slate(
    games: pd.DataFrame,
    odds: pd.DataFrame,
    date: pd.Timestamp,
    *,
    kind: str,
    source: str,
    known: AvailabilityReading | None = None,
    fixtures: pd.DataFrame | None = None,
    decided: tuple[Decision, Decision | pd.Timestamp] = ("open", "open"),
) -> tuple[Slate, tuple[pd.DataFrame, pd.DataFrame]]:
    """The slate of a night from box scores and lines as they are loaded.

    Rows of the night itself in the box scores say who belongs to which team, and nothing else; where there are none
    (tonight), the players are those who have a line and those expected to play: who appeared in their team's last game
    or in three of its last ten.

    Args:
        games: The games table; games of later nights are not looked at.
        odds: Lines as `load_odds` returns them, those of earlier nights too where there are some: they tell which
            books' prices mean something.
        date: The night.
        kind: "SIMULATED" or "real".
        source: Where they came from, in words.
        known: Who was reported out, with the players' ids; None: who missed the last game.
        fixtures: The fixtures table: games of the night that have no line yet, and tips that no line tells.
        decided: ``trained`` and ``tonight`` of `slate_line_ups`.

    Returns:
        The slate, and the rows before it with their features: what a model remembers can be compared with them.

    Raises:
        DataError: There is no game that night, in the lines or in the box scores.
    """
    history = games[games["game_date"] < date]
    there = games.loc[games["game_date"] == date, IDENTITY]
    odds = canonical_quotes(odds)
    odds = odds.reindex(columns=list(ODDS_COLUMNS))  # as the join wants them, so that it does not read them again
    odds = odds[eastern_days(odds) <= date].reset_index(drop=True)
    pairs = _pairs(odds, date)
    if fixtures is not None and len(fixtures):
        pairs += list(fixtures.loc[fixtures["game_date"] == date, ["home", "away"]].itertuples(index=False, name=None))
    rows = _expected(history, there, pairs, date)
    if rows.empty:
        raise DataError(
            source,
            f"no game on {date.date()}: neither the lines nor the fixtures nor the box scores have one",
            fix="Give the lines of that night with --odds, its games with --fixtures, or another --date.",
        )
    table = _with_rows(history, rows)
    joined = join_odds(odds if len(odds) else no_odds(), table, fixtures=fixtures)
    quotes = joined.quotes
    added, notes = _with_a_line(history, rows, quotes[quotes["game_date"] == date])
    rows = pd.concat([rows, added], ignore_index=True)
    table = _with_rows(history, rows)
    features = build_features(table)
    if known is not None:
        line_ups = slate_line_ups(table, quotes, date, known, trained=decided[0], tonight=decided[1])
        features = features.assign(**line_ups)
    lines = flag_by_market(quotes)
    lines = lines[lines["game_date"] == date].reset_index(drop=True)
    place = slice(len(history), len(table))
    unknown = sorted(set(lines["player_id"]) - set(rows["player_id"]))
    names = lines.drop_duplicates("player_id").set_index("player_id")["player_name"]
    warnings = [f"{names[each]}: {notes[each]}" for each in unknown]
    if len(joined.report.frame()):
        lost = _unmatched(joined.report.frame())
        warnings += [f"lines left out: {lost}"] if lost else []
    slate = Slate(
        date=date,
        players=rows.reset_index(drop=True),
        features=row_by_row(features.iloc[place]).reset_index(drop=True),
        mean_minutes=mean_minutes_before(table).iloc[place].reset_index(drop=True),
        met=(prior_games_in_season(table).iloc[place] > 0).reset_index(drop=True),
        quotes=lines,
        fingerprint=fingerprint(history, lines),
        quotes_fingerprint=fingerprint(lines),
        kind=kind,
        source=source,
        warnings=tuple(warnings),
    )
    return slate, (history, features.iloc[: len(history)])


def flag_by_market(quotes: pd.DataFrame) -> pd.DataFrame:
    """`quotes` with ``reason``, each market judged by itself as in an evaluation."""
    reason = pd.Series("", index=quotes.index, dtype="str")
    for market in quotes["market"].unique():
        rows = quotes["market"] == market
        reason[rows] = flag_quotes(quotes[rows])
    return quotes.assign(reason=reason)


def eastern_days(odds: pd.DataFrame) -> pd.Series:
    """The US Eastern day of every row of odds: its game date, else the day of its tip, else of its time stamp."""
    day = odds["game_date"].astype("datetime64[us]")
    for name in ("tip", "timestamp"):
        if name in odds:
            local = odds[name].dt.tz_convert(EASTERN).dt.tz_localize(None).dt.normalize()
            day = day.fillna(local.astype("datetime64[us]"))
    return day


def _pairs(odds: pd.DataFrame, date: pd.Timestamp) -> list[tuple[str, str]]:
    """Home and away teams of the games that have lines."""
    tonight = odds.loc[eastern_days(odds) == date, ["home_team", "away_team"]].drop_duplicates()
    return list(tonight.itertuples(index=False, name=None))


def _expected(
    history: pd.DataFrame, known: pd.DataFrame, pairs: list[tuple[str, str]], date: pd.Timestamp
) -> pd.DataFrame:
    """The players of the night: the rows that are known, and for other games those who can be expected."""
    played = {frozenset(pair) for pair in zip(known["team"], known["opponent"], strict=True)}
    season = str(season_of(pd.Series([date]))[0])
    latest = history[history["season"] == season].drop_duplicates("player_id", keep="last")
    latest = latest.set_index("player_id")
    parts = [known]
    for home, away in pairs:
        if frozenset((home, away)) in played:
            continue
        played.add(frozenset((home, away)))
        for team, other in ((home, away), (away, home)):
            who = [each for each in _rotation(history, team, season) if latest.loc[each, "team"] == team]
            names = latest.loc[who, "player_name"].to_numpy()
            parts.append(_identity(date, season, who, names, team, other, home=team == home, pair=(home, away)))
    return pd.concat(parts, ignore_index=True)


def _rotation(history: pd.DataFrame, team: str, season: str) -> list[int]:
    """Who appeared in the team's last game, or in three of its last ten."""
    rows = history[(history["team"] == team) & (history["season"] == season)]
    nights = rows["game_date"].drop_duplicates().sort_values().iloc[-_TEAM_GAMES:]
    recent = rows[rows["game_date"].isin(nights)]
    count = recent["player_id"].value_counts()
    last = set(recent.loc[recent["game_date"] == nights.max(), "player_id"]) if len(nights) else set()
    return sorted({int(each) for each in count.index[count >= _APPEARANCES]} | last)


def _with_a_line(
    history: pd.DataFrame, rows: pd.DataFrame, quotes: pd.DataFrame
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Rows for players with a line who are not expected, and notes on those whose team is not known."""
    found, notes = [], {}
    missing = quotes[~quotes["player_id"].isin(rows["player_id"])].drop_duplicates("player_id")
    latest = history.drop_duplicates("player_id", keep="last").set_index("player_id")
    for quote in missing.itertuples(index=False):
        home, away = str(quote.home_team), str(quote.away_team)
        team = str(latest["team"].get(quote.player_id, ""))
        if team not in (home, away):
            notes[int(quote.player_id)] = (
                f"plays {home} against {away}, but last played for {team or 'nobody'}: no forecast"
            )
            continue
        season = str(season_of(pd.Series([quote.game_date]))[0])
        other, at_home = (away if team == home else home), team == home
        made = _identity(
            quote.game_date, season, [int(quote.player_id)], np.array([quote.player_name]), team, other,
            home=at_home, pair=(home, away),
        )  # fmt: skip
        found.append(made.assign(game_id=quote.game_id))
    return (pd.concat(found, ignore_index=True) if found else rows.iloc[:0]), notes


def _identity(
    date: pd.Timestamp,
    season: str,
    players: list[int],
    names: np.ndarray,
    team: str,
    opponent: str,
    *,
    home: bool,
    pair: tuple[str, str],
) -> pd.DataFrame:
    """Rows of players of one team; the game has the id MMDDHOMEAWAY until the log knows its own."""
    return pd.DataFrame(
        {
            "game_id": f"{date:%m%d}{pair[0]}{pair[1]}",
            "game_date": pd.Series([date] * len(players), dtype="datetime64[us]"),
            "season": season,
            "player_id": np.asarray(players, dtype="int64"),
            "player_name": pd.array(names, dtype="str"),
            "team": team,
            "opponent": opponent,
            "home": home,
        }
    )


def _with_rows(history: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The history with the rows of the night behind it; their results are unknown."""
    blank = {
        name: False if history[name].dtype == bool else np.nan
        for name in history.columns
        if name not in IDENTITY and (history[name].dtype == bool or history[name].dtype.kind == "f")
    }
    text = {name: "" for name in history.columns if name not in IDENTITY and name not in blank}
    return pd.concat([history, rows.assign(**blank, **text)[list(history.columns)]], ignore_index=True)


def _unmatched(report: pd.DataFrame) -> str:
    """Causes of rows without a game or a player, with their number; empty where there are none."""
    wrong = report[report["cause"].isin(["no_game", "unknown_name", "ambiguous_name", "ambiguous_date"])]
    return ", ".join(f"{row.rows:,} {row.cause.replace('_', ' ')}" for row in wrong.itertuples() if row.rows)
