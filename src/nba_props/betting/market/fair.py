"""No-vig probabilities from the two prices of one bookmaker.

With implied probabilities ``a`` (over) and ``b`` (under), ``a + b = 1 + margin``:

- multiplicative: ``a / (a + b)``: the margin is spread in proportion to the price;
- additive: ``a - (a + b - 1) / 2``: the same number of points is taken off each side;
- shin: Shin (1993) with the insider share solved for. For two outcomes it is algebraically the additive method
  (Clarke, Kovalchik and Ingram 2017), so no solver is needed;
- power: ``a**k`` with the k that makes ``a**k + b**k = 1``: takes more of the margin off the longshot.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.betting.market.prices import american_to_probability
from nba_props.errors import ConfigError

VigMethod = Literal["power", "multiplicative", "additive", "shin"]
VIG_METHODS: Final = get_args(VigMethod)

_NEWTON_STEPS = 60
_TOLERANCE = 1e-13


def fair_probability(
    over_price: ArrayLike, under_price: ArrayLike, method: VigMethod = "power", *, source: str = "quotes"
) -> Floats:
    """P(over | no push) with the bookmaker's margin taken out; P(under) is one minus it.

    >>> [round(float(fair_probability(-300, 240, method)), 4) for method in VIG_METHODS]
    [0.7331, 0.7183, 0.7279, 0.7279]

    Args:
        over_price: American prices, n.
        under_price: American prices of the same bookmaker, same line, same moment, n.
        method: How the margin is taken out, see the module.
        source: Name of the table, for errors.

    Returns:
        float64, n; NaN where a side is missing (a one-sided quote has no fair price), and for the additive and Shin
        methods where the subtraction leaves no probability in (0, 1).

    Raises:
        DataError: An impossible price.
        ConfigError: An unknown method.
    """
    over = american_to_probability(over_price, source=source)
    under = american_to_probability(under_price, source=source)
    if method == "multiplicative":
        return over / (over + under)
    if method in {"additive", "shin"}:
        fair = over - (over + under - 1.0) / 2.0
        return np.where((fair > 0) & (fair < 1), fair, np.nan)
    if method == "power":
        exponent = power_exponent(over, under)
        # The two powers sum to one within rounding; normalised so that the sides sum to one exactly.
        left, right = over**exponent, under**exponent
        return left / (left + right)
    message = f"Unknown no-vig method {method!r}; known: {', '.join(VIG_METHODS)}."
    raise ConfigError(message)


def power_exponent(over: ArrayLike, under: ArrayLike) -> Floats:
    """The k > 0 with ``over**k + under**k = 1``, for implied probabilities in (0, 1); NaN where either is missing.

    Newton's method on ``log(over**k + under**k)``, which is convex and decreasing in k: from the left it climbs to the
    root without passing it, so it starts at a k not above the root and needs no bracket.

    >>> float(power_exponent(0.8, 0.6).round(9))  # 0.64 + 0.36 = 1
    2.0
    """
    log_over, log_under = np.log(np.asarray(over, dtype="float64")), np.log(np.asarray(under, dtype="float64"))
    # Where the smaller power is 1/2 the larger is at least 1/2: the sum is at least 1, so this k is left of the root.
    start = np.log(0.5) / np.minimum(log_over, log_under)
    exponent = np.asarray(start, dtype="float64")
    for _ in range(_NEWTON_STEPS):
        left, right = np.exp(exponent * log_over), np.exp(exponent * log_under)
        total = left + right
        step = np.log(total) * total / (left * log_over + right * log_under)
        # Each quote stops by itself, so that its probability does not depend on the quotes beside it.
        moving = np.abs(step) > _TOLERANCE * exponent
        exponent = np.where(moving, exponent - step, exponent)
        if not moving.any():
            break
    return exponent


def hold(over_price: ArrayLike, under_price: ArrayLike) -> Floats:
    """The bookmaker's margin: sum of the two implied probabilities minus 1 (-110/-110: 0.0476). NaN if one-sided.

    >>> float(hold(-110, -110).round(4))
    0.0476
    """
    over = american_to_probability(over_price, source="quotes")
    return over + american_to_probability(under_price, source="quotes") - 1.0
