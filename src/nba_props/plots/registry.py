"""The registry of the plots that are drawn of every evaluated market, and what pictures show, in words."""

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


@dataclass(frozen=True)
class Caption:
    """What a picture shows, for those who see its file among others.

    Attributes:
        text: A sentence without its capital and its full stop; reports write it under the picture.
        link: Words of the link in the note of a run; "" for a picture that the note does not link to.
    """

    text: str
    link: str = ""


Plot = Callable[[Any, Any, About], "Figure | None"]
"""From a `MarketEvaluation`, the fitted estimator and an `About` to a figure; None where there is nothing to draw."""

PLOTS: Final[Registry[Plot]] = Registry("plot")
"""Name -> function; the run gets the figure as ``<name>.png``."""

CAPTIONS: Final[Registry[Caption]] = Registry("caption")
"""Name of a picture -> what it shows, in the order in which notes and reports show pictures."""


def add_plot(name: str, draw: Plot, *, caption: str, link: str = "") -> None:
    """Add a plot, with the words for it.

    Args:
        name: Its file is called ``<name>.png``.
        draw: The function that draws it.
        caption: What it shows, under it in reports.
        link: Words of the link in the note of a run; without them the note does not link to it.

    Raises:
        ConfigError: The name is taken.
    """
    PLOTS.add(name, draw)
    CAPTIONS.add(name, Caption(caption, link))


def caption_of(file: str) -> str:
    """What a picture shows; its name in words where there is no caption.

    >>> caption_of("residuals_analysis.png"), caption_of("my_own.png")
    ('errors over the size of the forecast', 'my own')
    """
    name = file.removesuffix(".png")
    return CAPTIONS[name].text if name in CAPTIONS else name.replace("_", " ")


for _name, _text, _link in (
    (
        "calibration_curve",
        "how often the over came in, against the forecast, before and after calibration",
        "calibration",
    ),
    (
        "equity_curve",
        "the bankroll night by night, what the model claimed, and what no edge would have left",
        "bankroll",
    ),
    ("edge_buckets", "returns claimed and realised, by size of the edge", "edges"),
    (
        "fold_history",
        "the error fold by fold, beside the best naive forecast and the closing line",
        "error by fold",
    ),
    ("residuals_analysis", "errors over the size of the forecast", "residuals"),
    ("feature_importance", "which features the forecasts depend on, with the range over the folds", "features"),
    ("reasons", "what moves the forecasts of props with a line", ""),
    ("clv_distribution", "what the bets were worth at the close", ""),
    ("confusion_matrix", "sides forecast, and sides that came in", ""),
    ("pit_histogram", "where results fell in their distributions: flat is calibrated", ""),
    ("sweep_history", "the result of every trial, and the noise of one configuration", ""),
    ("sweep_running", "every trial fold by fold", ""),
    ("sweep_importance", "which settings made the difference", ""),
):
    CAPTIONS.add(_name, Caption(_text, _link))
