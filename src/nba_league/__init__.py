"""A seeded league of invented players: box scores that add up, sportsbook lines, and the truth behind both.

The marginals of its box scores (mean, spread and autocorrelation of minutes, points, rebounds and assists by minutes
tier) lie within a tenth of those of four real seasons; `scripts/data/compare_marginals.py` prints them side by side.
Everything it makes is SIMULATED.
"""

from __future__ import annotations

from nba_league.league import League
from nba_league.simulate import simulate_league

__all__ = ["League", "simulate_league"]
