"""What several groups of features share, computed once and only when asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints
from nba_props.features.history.absences import Absences, known_out
from nba_props.features.history.asof import Log, Past, masked_ratio
from nba_props.features.history.defence import allowed_ratios, player_role
from nba_props.features.history.ewma import HALF_LIVES, decay_of_half_life, decay_of_span, ewma
from nba_props.features.history.fixtures import Fixtures, build_fixtures
from nba_props.features.history.line_up import line_up
from nba_props.features.history.rates import opportunities, shrunk_rates
from nba_props.features.history.roster import roster
from nba_props.features.history.table import Table
from nba_props.features.history.team_rates import team_rates
from nba_props.features.history.windows import rolling

BASE: Final = ("pts", "reb", "ast", "pra", "min")
"""The series whose history is summarised in every way."""


class Context:
    """Lazily computed inputs that the feature groups share, for one games table: arrays are in the order of `table`."""

    def __init__(self, table: Table, absences: Absences = Absences()) -> None:  # noqa: B008 - frozen
        self.table = table
        self.absences = absences

    @cached_property
    def players(self) -> Log:
        """The player-games as a log of players."""
        return Log(self.table.player, self.table.day, self.table.season)

    @cached_property
    def career(self) -> Past:
        """Earlier games of the player, over all seasons of the table."""
        return self.players.past(self.table.player, self.table.day)

    @cached_property
    def season(self) -> Past:
        """Earlier games of the player in the season of the game."""
        return self.career.since(self.players.season_start(self.table.player, self.table.season))

    @cached_property
    def fixtures(self) -> Fixtures:
        """The games of the teams."""
        return build_fixtures(self.table)

    @cached_property
    def opportunities(self) -> dict[str, Floats]:
        """Tops and bottoms of the rates, per player-game."""
        return opportunities(self.table.stat, self.fixtures)

    @cached_property
    def rates(self) -> dict[str, Floats]:
        """Shrunk rates as of each player-game."""
        return shrunk_rates(self.opportunities, self.players, self.career, self.season, self.table.day)

    @cached_property
    def windows(self) -> dict[str, dict[tuple[str, int], Floats]]:
        """Rolling mean, standard deviation and median of the base series."""
        return {name: rolling(self.career, self.table.stat[name]) for name in BASE}

    @cached_property
    def box_columns(self) -> tuple[str, ...]:
        """Names of the columns of `box_running`."""
        return tuple(self.table.stat)

    @cached_property
    def box_running(self) -> Floats:
        """Running totals of the box score per player."""
        return self.players.running(np.column_stack(list(self.table.stat.values())))

    @cached_property
    def form(self) -> dict[tuple[str, int], Floats]:
        """(series, half-life) -> exponentially weighted mean over the player's earlier games."""
        terms = self.opportunities
        names = (*BASE, "fga", "fg3a", "fta", "plays", "floor_plays")
        lives = (*HALF_LIVES, 30)
        decays = {decay_of_half_life(life): life for life in lives}
        means = ewma(self.career, {name: terms[name] for name in names}, list(decays))
        return {(name, decays[decay]): values for (name, decay), values in means.items()}

    @cached_property
    def span_10(self) -> dict[str, Floats]:
        """EWMA with span 10 of the base series."""
        decay = decay_of_span(10)
        means = ewma(self.career, {name: self.table.stat[name] for name in BASE}, [decay])
        return {name: means[name, decay] for name in BASE}

    @cached_property
    def role(self) -> Ints:
        """Role of the player as of the game."""
        return player_role(self.rates)

    @cached_property
    def allowed(self) -> dict[str, Floats]:
        """What the opponent allows relative to expectation."""
        return allowed_ratios(self.table, self.fixtures, self.rates, self.role, self.career.count > 0)

    @cached_property
    def team_rates(self) -> dict[str, Floats]:
        """Rates of both teams per fixture."""
        return team_rates(self.fixtures)

    @cached_property
    def roster(self) -> dict[str, Floats]:
        """Rotation and missing team-mates."""
        return roster(self.table, self.players, self.fixtures, self.expected_minutes)

    @cached_property
    def line_up(self) -> dict[str, Floats]:
        """Who is out tonight, and what that leaves to the player."""
        out = known_out(self.absences, self.table, self.fixtures)
        return line_up(self.table, self.players, self.fixtures, out)

    @cached_property
    def expected_minutes(self) -> Floats:
        """Projected minutes of a game of 48: three parts recent form (half-life 2 games), one part the season's mean.

        Games count as shares of their team's minutes, so overtime does not count as a larger role.
        """
        team = self.fixtures.total["min"][self.fixtures.row]
        share = np.nan_to_num(masked_ratio(240.0 * self.table.stat["min"], team))
        decay = decay_of_half_life(2)
        recent = ewma(self.career, {"min": share}, [decay])["min", decay]
        season = self.season.total(self.players.running(share[:, None]))[:, 0]
        mean = masked_ratio(season, self.season.count.astype(np.float64))
        return np.where(np.isnan(mean), recent, 0.75 * recent + 0.25 * mean)
