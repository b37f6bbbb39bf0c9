"""The simulated league as one object: tables, truth, and the probabilities behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from nba_league.season.pregame import PreGame
from nba_league.tables import BOX_COLUMNS
from nba_league.truth import Night, derivable_columns, exceedance
from nba_props.errors import ConfigError, DataError

_QUOTE_COLUMNS: Final = ("game_id", "player_id", "market", "line")
_GZIP: Final = {"method": "gzip", "compresslevel": 5, "mtime": 0}  # no time stamp: same league, same bytes


@dataclass(frozen=True)
class League:
    """Simulated seasons, with what nobody has in real life: the truth.

    Attributes:
        games: One row per player-game, in the columns of the games table of docs/contract.md.
        odds: Raw odds as vendors deliver them: game_date (US day), player_name, home_team, away_team (full names),
            bookmaker, market, line, over_price, under_price (American), timestamp (UTC), source_date (UTC day of the
            tip-off), event_id.
        availability: The league's injury report, in the morning before the first lines and again half an hour before
            the tip, in the columns of the availability table of docs/contract.md. Late scratches are in the last one
            only.
        truth: Row by row with `games`: game_id, player_id and the true conditional means of min, pts, reb, ast and pra
            given everything knowable before the game, and that the player appears.
        seasons: Names of the seasons.
        inefficiency: How far opening and closing prices are from the truth (1 the default, 0 not at all).
    """

    games: pd.DataFrame
    odds: pd.DataFrame
    availability: pd.DataFrame
    truth: pd.DataFrame
    seasons: tuple[str, ...]
    seed: int
    inefficiency: float
    _nights: tuple[PreGame, ...] = field(repr=False)
    _where: pd.DataFrame = field(repr=False)

    def before(self, day: str | pd.Timestamp) -> League:
        """The league as it was known in the morning of a day: its games, lines and reports of strictly earlier days.

        Args:
            day: US day of a night.
        """
        played = (self.games["game_date"] < pd.Timestamp(day)).to_numpy()
        return replace(
            self,
            games=self.games[played].reset_index(drop=True),
            odds=self.odds[(self.odds["game_date"] < pd.Timestamp(day)).to_numpy()].reset_index(drop=True),
            availability=self.availability[(self.availability["game_date"] < pd.Timestamp(day)).to_numpy()].reset_index(
                drop=True
            ),
            truth=self.truth[played].reset_index(drop=True),
            _where=self._where[played].reset_index(drop=True),
        )

    def true_probabilities(self, quotes: pd.DataFrame) -> pd.DataFrame:
        """True probabilities that each quote goes over and that it is a push.

        Args:
            quotes: A table with `game_id`, `player_id`, `market` and `line`; other columns are ignored.

        Returns:
            `p_over` and `p_push` (under is what is left), same index as `quotes`. NaN where the player did not appear
            in that game (a void) or the line is missing.

        Raises:
            DataError: If a column is missing.
            ConfigError: If a market is unknown.
        """
        missing = [name for name in _QUOTE_COLUMNS if name not in quotes]
        if missing:
            source, fix = "quotes", f"Pass {', '.join(_QUOTE_COLUMNS)}."
            raise DataError(source, "columns are missing", fix=fix, column=", ".join(missing))
        index = pd.MultiIndex.from_frame(self.truth[["game_id", "player_id"]])
        row = index.get_indexer(pd.MultiIndex.from_frame(quotes[["game_id", "player_id"]]))
        line = quotes["line"].to_numpy(dtype=np.float64)
        market = quotes["market"].astype("str").to_numpy()
        over, push = np.full(len(quotes), np.nan), np.full(len(quotes), np.nan)
        usable = (row >= 0) & np.isfinite(line)
        for season, pre in enumerate(self._nights):
            of_season = usable & (self._where["season"].to_numpy()[row] == season)
            if not of_season.any():
                continue
            night, of_game = self._games_of(pre, row[of_season])
            for name in pd.unique(market[of_season]):
                here = np.flatnonzero(of_season & (market == name))
                over[here], push[here] = self._at_lines(night, of_game, name, row[here], line[here])
        return pd.DataFrame({"p_over": over, "p_push": push}, index=quotes.index)

    @staticmethod
    def knows(market: str) -> bool:
        """Whether the league knows the true distribution of `market`."""
        try:
            derivable_columns(market)
        except ConfigError:
            return False
        return True

    def true_medians(self, market: str, since: pd.Timestamp | None = None) -> pd.Series:
        """True conditional median of every player-game: the forecast with the least mean absolute error there can be.

        Args:
            market: Key of `nba_props.markets.MARKETS`.
            since: First game date that is asked for; all where not given.


        Returns:
            Row by row with `games`, stat units (whole numbers), float64; NaN before `since`.

        Raises:
            ConfigError: If the market is unknown, or has no known truth (`knows`).
        """
        medians = np.full(len(self.truth), np.nan)
        asked = self.games["game_date"].to_numpy() >= np.datetime64(since or pd.Timestamp.min)
        for season, pre in enumerate(self._nights):
            rows = np.flatnonzero((self._where["season"].to_numpy() == season) & asked)
            if not len(rows):
                continue
            night, of_game = self._games_of(pre, rows)
            side, place = (self._where[name].to_numpy()[rows] for name in ("side", "place"))
            above = exceedance(night, market, 2 * of_game[side // 2] + side % 2, place)
            medians[rows] = (above > 0.5).sum(axis=1)
        return pd.Series(medians, index=self.games.index, name=market)

    def _games_of(self, pre: PreGame, rows: npt.NDArray[np.int64]) -> tuple[Night, npt.NDArray[np.int64]]:
        """Only the games asked for, and where each game of the season is among them."""
        games = np.unique(self._where["side"].to_numpy()[rows] // 2)
        of_game = np.full(len(pre.overtime), -1)
        of_game[games] = np.arange(len(games))
        return Night(pre.take(games)), of_game

    def _at_lines(
        self,
        night: Night,
        of_game: npt.NDArray[np.int64],
        market: str,
        rows: npt.NDArray[np.int64],
        line: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """P(over) and P(push) of the lines of one market; rows are positions in `truth`."""
        players, which = np.unique(rows, return_inverse=True)
        side, place = (self._where[name].to_numpy()[players] for name in ("side", "place"))
        above = exceedance(night, market, 2 * of_game[side // 2] + side % 2, place)
        above = np.column_stack([np.ones(len(above)), above, np.zeros(len(above))])
        step = np.clip(np.floor(line), -1, above.shape[1] - 2).astype(np.int64) + 1
        over = above[which, step]
        push = np.where(line == np.floor(line), above[which, np.maximum(step - 1, 0)] - over, 0.0)
        return over, push

    def write(self, folder: Path | str) -> list[Path]:
        """Save as compressed CSV: box scores in nba.com's LeagueGameLog columns, odds in the vendors' columns.

        One file of box scores and one of availability a season, and one of odds a season and market, named like
        `player_game_logs_2023-24.csv.gz`, `availability_2023-24.csv.gz` and `prop_odds_2023-24_pra.csv.gz`.

        Returns:
            The files written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for season, rows in self.games.groupby("season", sort=True):
            path = folder / f"player_game_logs_{season}.csv.gz"
            _game_log(rows).to_csv(path, index=False, compression=_GZIP)
            written.append(path)
        dates = self.games.groupby("season")["game_date"].agg(["min", "max"])
        for season, span in dates.iterrows():
            reported = self.availability[self.availability["game_date"].between(span["min"], span["max"])]
            path = folder / f"availability_{season}.csv.gz"
            _availability_as_text(reported).to_csv(path, index=False, compression=_GZIP)
            written.append(path)
            odds = self.odds[self.odds["game_date"].between(span["min"], span["max"])]
            for market, rows in odds.groupby("market", sort=True):
                path = folder / f"prop_odds_{season}_{market}.csv.gz"
                _odds_as_text(rows).to_csv(path, index=False, compression=_GZIP)
                written.append(path)
        return written


def _game_log(games: pd.DataFrame) -> pd.DataFrame:
    """The columns of nba.com's LeagueGameLog for players, whole numbers without a decimal point."""
    upper = {name: name.upper() for name in BOX_COLUMNS}
    matchup = games["team"].where(games["home"], games["team"] + " @ " + games["opponent"])
    matchup = matchup.where(~games["home"], games["team"] + " vs. " + games["opponent"])
    return pd.DataFrame(
        {
            "SEASON_ID": "2" + games["season"].str[:4],
            "PLAYER_ID": games["player_id"],
            "PLAYER_NAME": games["player_name"],
            "TEAM_ABBREVIATION": games["team"],
            "GAME_ID": games["game_id"],
            "GAME_DATE": games["game_date"].dt.strftime("%Y-%m-%d"),
            "MATCHUP": matchup,
            "WL": np.where(games["won"], "W", "L"),
        }
    ).join(games[list(BOX_COLUMNS)].astype("int64").rename(columns=upper))


def _odds_as_text(odds: pd.DataFrame) -> pd.DataFrame:
    """Days and times as the vendors write them."""
    return odds.assign(
        game_date=odds["game_date"].dt.strftime("%Y-%m-%d"),
        timestamp=odds["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        source_date=odds["source_date"].dt.strftime("%Y-%m-%d"),
    )


def _availability_as_text(availability: pd.DataFrame) -> pd.DataFrame:
    """Days and times as text."""
    return availability.assign(
        game_date=availability["game_date"].dt.strftime("%Y-%m-%d"),
        reported_at=availability["reported_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
