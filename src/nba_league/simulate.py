"""From a seed to a league."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from nba_league.league import League
from nba_league.lines.books import post_lines
from nba_league.lines.faults import add_faults
from nba_league.season.boxscore import play
from nba_league.season.names import player_names
from nba_league.season.players import Population
from nba_league.season.report import injury_report
from nba_league.season.schedule import FULL_SEASON, build_schedule, season_start
from nba_league.season.set_up import set_up
from nba_league.season.teams import ALL_CLUBS, clubs
from nba_league.tables import FIRST_PLAYER_ID, game_rows, odds_rows, report_rows
from nba_league.truth import Night, conditional_means, derivable_columns
from nba_props.data.odds.load import no_odds
from nba_props.errors import ConfigError
from nba_props.markets import DEFAULT_MARKETS

_SEASONS: Final = ("2021-22", "2022-23", "2023-24", "2024-25")
_MOST_INEFFICIENT: Final = 5.0
_STREAMS: Final = ("population", "summer", "schedule", "setting", "play", "lines", "names", "faults", "report")


def simulate_league(
    seasons: Sequence[str] = _SEASONS,
    *,
    seed: int = 2026,
    odds_seasons: Sequence[str] | None = None,
    markets: Sequence[str] = DEFAULT_MARKETS,
    inefficiency: float = 1.0,
    n_teams: int = len(ALL_CLUBS),
    n_games: int = FULL_SEASON,
    faults: bool = False,
) -> League:
    """Simulate whole seasons of box scores and of sportsbook lines, with the truth behind them.

    Same arguments, same league, to the byte. Every part has its own stream of random numbers, so that the box scores
    do not depend on what is asked of the odds.

    Args:
        seasons: Names like "2023-24", in order of time. Players age and clubs change from each to the next.
        seed: Seed of everything.
        odds_seasons: Seasons with odds; the last two if not given, none if empty.
        markets: Markets with odds.
        inefficiency: Distance of the prices from the truth. Opening prices lean by 60 % on the season's plain average
            and carry noise, closing prices are near the truth; all of it is multiplied by this number. At 0 every
            price is the truth up to rounding and the margin, and nobody wins.
        n_teams: Even number of clubs, 4 to 30.
        n_games: Games of each club and season, 2 to 82.
        faults: Add what real feeds get wrong: names without accents, duplicates, a book whose alternate lines have
            their prices reversed, props of players who do not play left standing.

    Returns:
        The league.

    Raises:
        ConfigError: If an argument is out of range, a season malformed, a market unknown or one without a known truth.
    """
    seasons, markets = tuple(seasons), tuple(markets)
    for market in markets:
        derivable_columns(market)
    odds_seasons = seasons[-2:] if odds_seasons is None else tuple(odds_seasons)
    _check(seasons, odds_seasons, inefficiency)
    teams = clubs(n_teams)
    population = Population(n_teams, _stream(seed, "population"))
    parts: list[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]] = []
    nights, posted, reports = [], [], []
    for number, name in enumerate(seasons):
        if number:
            population.advance(_stream(seed, "summer", number))
        schedule = build_schedule(name, teams, n_games, _stream(seed, "schedule", number))
        season = set_up(population, schedule, _stream(seed, "setting", number))
        box = play(season.pre, _stream(seed, "play", number), season.pick)
        night = Night(season.pre, season.counts)
        means = conditional_means(night)
        games, truth, where = game_rows(season, box, means, teams)
        parts.append((games, truth, where.assign(season=number)))
        nights.append(season.pre)
        reports.append((season, injury_report(season, box["min"] > 0, _stream(seed, "report", number))))
        if name in odds_seasons and markets:
            lines = post_lines(
                season, night, box, means, markets=markets, inefficiency=inefficiency,
                rng=_stream(seed, "lines", number),
            )  # fmt: skip
            posted.append((season, lines))
    names = player_names(population.n_players, _stream(seed, "names"))
    odds = [odds_rows(season, lines, names, teams, markets) for season, lines in posted]
    availability = [report_rows(season, report, names, teams) for season, report in reports]
    if faults:
        odds = [add_faults(each, _stream(seed, "faults", number)) for number, each in enumerate(odds)]
    games, truth, where = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    named = pd.array(names, dtype="str").take(games["player_id"].to_numpy() - FIRST_PLAYER_ID)
    games.insert(games.columns.get_loc("player_id") + 1, "player_name", named)
    return League(
        games=games,
        odds=pd.concat(odds, ignore_index=True) if odds else no_odds(),
        availability=pd.concat(availability, ignore_index=True),
        truth=truth,
        seasons=seasons,
        seed=seed,
        inefficiency=inefficiency,
        _nights=tuple(nights),
        _where=where,
    )


def _stream(seed: int, part: str, number: int = 0) -> np.random.Generator:
    """Random numbers of one part of one season, independent of every other."""
    return np.random.default_rng([seed, number, _STREAMS.index(part)])


def _check(seasons: tuple[str, ...], odds_seasons: tuple[str, ...], inefficiency: float) -> None:
    """Refuse arguments that make no league, naming what would."""
    starts = [season_start(name) for name in seasons]
    if not seasons or starts != sorted(set(starts)):
        message = f"seasons must be at least one and in order of time, each once; got {', '.join(seasons) or 'none'}."
        raise ConfigError(message)
    stray = [name for name in odds_seasons if name not in seasons]
    if stray:
        message = f"odds_seasons must be among the seasons ({', '.join(seasons)}), got {', '.join(stray)}."
        raise ConfigError(message)
    if not 0 <= inefficiency <= _MOST_INEFFICIENT:
        message = f"inefficiency must lie between 0 and {_MOST_INEFFICIENT:g}, got {inefficiency}."
        raise ConfigError(message)
