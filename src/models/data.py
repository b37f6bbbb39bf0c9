"""Everything a training run reads, loaded and checked before MLflow is involved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mlflow_integration.store.location import project_root
from models.line_ups import LAST_GAME, REPORTED, STAND_IN, decision_moments, reported_line_ups
from nba_props.data import (
    fingerprint,
    join_odds,
    join_season_stats,
    load_odds,
    load_season_stats,
    no_odds,
    read_game_logs,
)
from nba_props.data.availability import (
    AvailabilityReading,
    join_availability,
    load_availability,
    no_fixtures,
    nobody_waiting,
)
from nba_props.data.fixtures import load_fixtures, one_per_game
from nba_props.data.format_names import AVAILABILITY, kind_of
from nba_props.data.schemas import FIXTURE_COLUMNS
from nba_props.data.tables.formats import GAME_LOG, ODDS, SEASON_TABLE
from nba_props.features import (
    AVAILABILITY_GROUPS,
    Absences,
    build_features,
    cached_features,
    mean_minutes_before,
    naive_forecasts,
)
from nba_props.markets import actual

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from nba_league import League
    from nba_props.config import TrainerConfig
    from nba_props.data import JoinReport, JoinResult


_INEFFICIENCY = 1.5
"""Inefficiency of the embedded league's prices. Its bookmakers know tonight's line-ups, which no box score shows in
advance: at the simulator's own default of 1 only a bettor who knows them too wins; here a good model wins in some
markets."""

_CACHED_ROWS = 20_000
"""Feature tables of fewer rows are not kept: they are made in a fraction of a second."""

_TURNED = 1024
"""Rows that are put one after the other at a time: of the whole table the columns would have to be held twice."""

IDENTITY: Final = ["game_id", "game_date", "season", "player_id", "player_name", "team", "opponent", "home"]
"""What is known of a player-game before it is played."""


@dataclass(frozen=True)
class TrainingData:
    """Box scores, features and lines of one programme; shared by all its markets.

    Attributes:
        games: The games table (docs/contract.md).
        features: One float column per feature, same index as `games`; of absences they know what was reported before
            the first price of each game.
        is_b2b: Second night of the team's back-to-back, same index.
        quotes: Lines joined to games; empty where there are none.
        reports: What became of every input row, as text for people: game logs, odds, season table, availability.
        join_report: What became of every odds row; None without odds.
        fingerprint: Short hash of games, quotes, season table and availability.
        source: Where they came from, as the user named it (names of files or folders, no paths).
        league: The simulated league with its truth; None for real data.
        availability: Who was reported to play or not, and when (docs/contract.md), with the players' ids; None where
            nothing was given. What was known at a moment: `nba_props.data.availability.last_reports`.
        not_submitted: Teams that had not reported: ``game_date``, ``team``, ``reported_at``; None without availability.
        fixtures: Tips (docs/contract.md) in the odds and the availability files; empty where there are none.
    """

    games: pd.DataFrame
    features: pd.DataFrame
    is_b2b: pd.Series
    quotes: pd.DataFrame
    reports: tuple[str, ...]
    join_report: JoinReport | None
    fingerprint: str
    source: str
    league: League | None = None
    availability: pd.DataFrame | None = None
    not_submitted: pd.DataFrame | None = None
    fixtures: pd.DataFrame = field(default_factory=no_fixtures)

    @property
    def simulated(self) -> bool:
        """Whether the rows come from the simulated league."""
        return self.league is not None

    @property
    def kind(self) -> str:
        """What runs, tables and plots call the data: SIMULATED or real."""
        return "SIMULATED" if self.simulated else "real"

    @property
    def title(self) -> str:
        """Kind and source in one, as the title of a table: "SIMULATED league, seed 2026", "real data: box_scores"."""
        return self.source if self.source.startswith(self.kind) else f"{self.kind} data: {self.source}"

    def quotes_of(self, market: str) -> pd.DataFrame:
        """Lines of one market."""
        return self.quotes[self.quotes["market"] == market].reset_index(drop=True)

    def usable_seasons(self, market: str) -> list[str]:
        """Seasons that hold lines of `market` and have an earlier season to train on, in order."""
        seasons = sorted(self.games["season"].unique())[1:]
        lined = set(self.games.loc[self.games["game_id"].isin(self.quotes_of(market)["game_id"].unique()), "season"])
        return [season for season in seasons if season in lined]


def availability_of(data: TrainingData, config: TrainerConfig) -> str:
    """How a run knew who was out: its tag ``availability``."""
    if config.availability == "stand_in":
        return STAND_IN
    return LAST_GAME if data.availability is None else REPORTED


def line_up_features(data: TrainingData, config: TrainerConfig) -> pd.DataFrame | None:
    """The columns of the groups `AVAILABILITY_GROUPS` as this configuration knows them.

    Returns:
        float64, same index as the games; None where they are those of ``data.features`` already: whatever is reported
        before the first price of a game.
    """
    if config.availability == "stand_in":
        return build_features(data.games, groups=AVAILABILITY_GROUPS, absences=Absences("stand_in"))
    if data.availability is None or config.decision == "open":
        return None
    moments = decision_moments(data.games, data.quotes, data.fixtures, config.decision)
    return reported_line_ups(data.games, data.availability, data.not_submitted, moments)


def load_training_data(
    data: Sequence[str | PathLike[str]],
    odds: Sequence[str | PathLike[str]] = (),
    *,
    season_stats: str | PathLike[str] | None = None,
    availability: Sequence[str | PathLike[str]] = (),
    fixtures: Sequence[str | PathLike[str]] = (),
    format: str | None = None,  # noqa: A002 - the option's name
) -> TrainingData:
    """Load, validate and join box scores and lines, and build the features.

    Args:
        data: Files or folders of player game logs.
        odds: Files or folders of prop odds; none means no betting evaluation.
        season_stats: Optional season table; joined with the previous season only.
        availability: Files or folders that say who was reported out, and when.
        fixtures: Files or folders with the tip-off times of the games, for odds without them.
        format: Name of a format (`nba_props.data.format_names`) that files of its kind are read in; recognised without.

    Raises:
        DataError: A file cannot be used; the message names file, column, rows and fix.
    """
    kind = None if format is None else kind_of(format)
    games, load_report = read_game_logs(list(data), format=format if kind == GAME_LOG else None)
    reports = [str(load_report)]
    odds_table = load_odds(list(odds), format=format if kind == ODDS else None) if odds else None
    stats = (
        None
        if season_stats is None
        else load_season_stats(season_stats, format=format if kind == SEASON_TABLE else None)
    )
    reading = (
        load_availability(list(availability), format=format if kind == AVAILABILITY else None) if availability else None
    )
    told = [] if reading is None else [reading.fixtures]
    tips = pd.concat([*told, load_fixtures(list(fixtures)) if fixtures else no_fixtures()], ignore_index=True)
    joined = None if odds_table is None else join_odds(odds_table, games, fixtures=tips)
    if joined is not None:
        reports.append(str(joined.report))
    if reading is not None:
        found = join_availability(reading.availability, games)
        reports.append(str(found.report))
        reading = replace(reading, availability=found.availability, fixtures=tips)
    features = _features(games)
    content = games
    if stats is not None:
        season = join_season_stats(games, stats)
        reports.append(str(season.report))
        content = season.games
        features = features.join(content[[name for name in content if name not in games]].astype("float64"))
    read = [*data, *odds, *([] if season_stats is None else [season_stats]), *availability, *fixtures]
    source = ", ".join(dict.fromkeys(Path(path).resolve().name for path in read))
    return _assembled(games, features, joined, reports, source, content=content, known=reading)


def simulated_training_data(*, seed: int = 2026, inefficiency: float = _INEFFICIENCY) -> TrainingData:
    """The embedded simulated league: four seasons, the last one with lines."""
    return training_data_of(simulated_league(seed=seed, inefficiency=inefficiency))


def simulated_league(*, seed: int = 2026, inefficiency: float = _INEFFICIENCY) -> League:
    """The league behind `simulated_training_data`."""
    from nba_league import simulate_league

    return simulate_league(seed=seed, odds_seasons=("2024-25",), inefficiency=inefficiency)


def training_data_of(league: League) -> TrainingData:
    """A simulated league through the same joins and features as real files."""
    joined = join_odds(league.odds, league.games)
    found = join_availability(league.availability, league.games)
    known = AvailabilityReading(found.availability, nobody_waiting(), no_fixtures())
    features = _features(league.games)
    source = f"SIMULATED league, seed {league.seed}"
    reports = [str(joined.report), str(found.report)]
    return _assembled(league.games, features, joined, reports, source, content=league.games, league=league, known=known)


def _assembled(
    games: pd.DataFrame,
    features: pd.DataFrame,
    joined: JoinResult | None,
    reports: Sequence[str],
    source: str,
    *,
    content: pd.DataFrame,
    league: League | None = None,
    known: AvailabilityReading | None = None,
) -> TrainingData:
    """Put what was loaded together; `content` is the games and their season table."""
    quotes = join_odds(no_odds(), games).quotes if joined is None else joined.quotes
    tips = quotes.rename(columns={"home_team": "home", "away_team": "away"})[list(FIXTURE_COLUMNS)].dropna()
    told = [tips.drop_duplicates()] if known is None else [known.fixtures, tips.drop_duplicates()]
    fixtures = one_per_game(pd.concat(told, ignore_index=True))
    if known is not None:
        moments = decision_moments(games, quotes, fixtures, "open")
        features = features.assign(**reported_line_ups(games, known.availability, known.not_submitted, moments))
    content_of = [content, quotes] if known is None else [content, quotes, known.availability]
    return TrainingData(
        games=games,
        features=row_by_row(features),
        is_b2b=features["is_b2b"] == 1.0,
        quotes=quotes,
        reports=tuple(reports),
        join_report=None if joined is None else joined.report,
        fingerprint=fingerprint(*content_of),
        source=source,
        league=league,
        availability=None if known is None else known.availability,
        not_submitted=None if known is None else known.not_submitted,
        fixtures=fixtures,
    )


def _features(games: pd.DataFrame) -> pd.DataFrame:
    """The feature table, kept under ``.cache/features`` of the project; a small one is faster to make than to read."""
    if len(games) < _CACHED_ROWS:
        return build_features(games)
    return cached_features(games, project_root() / ".cache" / "features")


def row_by_row(features: pd.DataFrame) -> pd.DataFrame:
    """As float32, row after row in memory: the boosters bin the values anyway, and a fold's rows become a view."""
    values = np.empty(features.shape, dtype="float32")
    for start in range(0, len(features), _TURNED):
        part = slice(start, start + _TURNED)
        values[part] = features.iloc[part].to_numpy(dtype="float32")
    return pd.DataFrame(values, index=features.index, columns=features.columns, copy=False)


def prediction_info(data: TrainingData, market: str) -> pd.DataFrame:
    """What the predictions table says of a player-game besides forecast and `oracle`; same index as games."""
    games = data.games
    info = games[IDENTITY].copy()
    info["actual"] = actual(games, market)
    info = info.join(naive_forecasts(games, market))
    info["mean_minutes"] = mean_minutes_before(games)
    info["is_b2b"] = data.is_b2b
    return info


def oracle(data: TrainingData, market: str, since: pd.Timestamp) -> pd.DataFrame:
    """Column ``oracle`` of the predictions table: the simulated truth, NaN before `since`; no column if not known."""
    if data.league is None or not data.league.knows(market):
        return pd.DataFrame(index=data.games.index)
    return data.league.true_medians(market, since).to_frame("oracle")
