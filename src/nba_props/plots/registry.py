"""The registry of the plots that are drawn of every evaluated market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nba_props.plugins import Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class About:
    """What a plot may say about the run besides its numbers.

    Attributes:
        title: Market and model; how a title begins.
        simulated: Stamp the figure SIMULATED.
        seed: Of whatever is resampled for the plot.
    """

    title: str
    simulated: bool = False
    seed: int = 0


Plot = Callable[[Any, Any, About], "Figure | None"]
"""From a `MarketEvaluation`, the fitted estimator and an `About` to a figure; None where there is nothing to draw."""

PLOTS: Final[Registry[Plot]] = Registry("plot")
"""Name -> function; the run gets the figure as ``<name>.png``."""
