"""How much to bet: full Kelly, shrinkage towards the market, caps, and whole cents."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats, Ints
from nba_props.errors import ConfigError


@dataclass(frozen=True)
class StakeConfig:
    """Money.

    Attributes:
        kelly: Share of full Kelly staked; None stakes one unit flat.
        bankroll_units: Bankroll at the start, in units. Flat stakes never stop at ruin: the ledger then shows a
            negative bankroll, and what cannot be computed from one is absent.
        unit_cents: One unit in cents; stakes and payouts are whole cents.
        shrink: Kelly only: how far the probability is moved towards the market's, 0 (trust the model) to 1 (no bet).
            Full trust over-bets out of sample (Baker and McHale 2013).
        cap_bet: Kelly only: most of the bankroll on one bet...
        cap_player: ... on one player in one night...
        cap_game: ... on one game...
        cap_night: ... on one night. Bets over a cap are scaled down together.
    """

    kelly: float | None = None
    bankroll_units: float = 1000.0
    unit_cents: int = 10_000
    shrink: float = 0.5
    cap_bet: float = 0.02
    cap_player: float = 0.03
    cap_game: float = 0.05
    cap_night: float = 0.20

    def __post_init__(self) -> None:
        """Refuse settings under which no stake can be right."""
        if self.kelly is not None and not 0 < real_number("kelly", self.kelly) <= 1:
            message = f"kelly is {self.kelly}; it must be None (flat stakes) or in (0, 1]."
            raise ConfigError(message)
        if not 0 <= real_number("shrink", self.shrink) <= 1:
            message = f"shrink is {self.shrink}; it must be in [0, 1]."
            raise ConfigError(message)
        caps = (self.cap_bet, self.cap_player, self.cap_game, self.cap_night)
        if not all(0 < real_number("A stake cap", cap) <= 1 for cap in caps):
            message = f"Stake caps are {caps}; each must be in (0, 1]."
            raise ConfigError(message)
        if not 0 < real_number("bankroll_units", self.bankroll_units) < np.inf:
            message = f"bankroll_units is {self.bankroll_units}; it must be positive and finite."
            raise ConfigError(message)
        if real_number("unit_cents", self.unit_cents) < 1 or self.unit_cents != int(self.unit_cents):
            message = f"unit_cents is {self.unit_cents}; it must be a whole number of cents, 1 or more."
            raise ConfigError(message)


def real_number(name: str, value: object) -> float:
    """`value` as a float.

    Raises:
        ConfigError: It is not a number, or NaN.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or np.isnan(float(value)):
        message = f"{name} is {value!r}; it must be a number."
        raise ConfigError(message)
    return float(value)


def expected_value(p_win: ArrayLike, p_lose: ArrayLike, decimal_odds: ArrayLike) -> Floats:
    """Expected profit of one unit: ``p_win (o - 1) - p_lose``; what is left of the probability is a push.

    >>> float(expected_value(0.55, 0.45, 2.0).round(6))
    0.1
    """
    odds = np.asarray(decimal_odds, dtype="float64")
    value: Floats = np.asarray(p_win, dtype="float64") * (odds - 1.0) - np.asarray(p_lose, dtype="float64")
    return value


def kelly_fraction(p_win: ArrayLike, decimal_odds: ArrayLike) -> Floats:
    """Full-Kelly share of the bankroll, ``(b p - (1 - p)) / b`` with ``b = o - 1``; negative where there is no edge.

    >>> float(kelly_fraction(0.55, 2.0).round(6))
    0.1

    Args:
        p_win: P(win | no push). A push returns the stake, so the growth rate depends on the conditional alone.
        decimal_odds: Decimal odds.

    Source: Kelly (1956), the maximiser of ``p log(1 + f b) + (1 - p) log(1 - f)``.
    """
    chance, net = np.asarray(p_win, dtype="float64"), np.asarray(decimal_odds, dtype="float64") - 1.0
    fraction: Floats = (net * chance - (1.0 - chance)) / net
    return fraction


def shrunk_probability(p: ArrayLike, q: ArrayLike, shrink: float) -> Floats:
    """The model's probability moved towards the market's: ``p + shrink (q - p)``.

    >>> float(shrunk_probability(0.6, 0.5, 0.5).round(6))
    0.55
    """
    model = np.asarray(p, dtype="float64")
    moved: Floats = model + shrink * (np.asarray(q, dtype="float64") - model)
    return moved


def capped_fractions(fraction: Floats, night: Ints, game: Ints, player: Ints, config: StakeConfig) -> Floats:
    """Shares of the bankroll after the caps, in the order bet, player and night, game, night.

    >>> night, game, player = np.array([0, 0]), np.array([0, 0]), np.array([0, 1])
    >>> capped_fractions(np.array([0.5, 0.04]), night, game, player, StakeConfig(kelly=1.0, cap_game=0.03)).tolist()
    [0.015, 0.015]

    Args:
        fraction: Wished shares, n; negative ones become 0.
        night: Code of the night of each bet, n.
        game: Code of the game, n.
        player: Code of the player, n.
        config: The caps.

    Returns:
        Shares, n, none above the wish: a group over its cap is scaled down in proportion.
    """
    share = np.clip(fraction, 0.0, config.cap_bet)
    players = night * (int(player.max(initial=0)) + 1) + player
    for group, cap in ((players, config.cap_player), (game, config.cap_game), (night, config.cap_night)):
        _, code = np.unique(group, return_inverse=True)
        total = np.bincount(code, weights=share)
        scale = np.minimum(1.0, cap / np.maximum(total, np.finfo("float64").tiny))
        share = share * scale[code]
    return share
