"""Figures as pure functions of computed tables, without pyplot; matplotlib is imported when one is drawn.

Every function returns a `matplotlib.figure.Figure` of 800 pixels' width and takes ``simulated=True`` to be stamped so.
The plots drawn of every evaluated market are in the registry `PLOTS`, what pictures show, in words, in `CAPTIONS`.
"""

from nba_props.plots.betting import clv_distribution, edge_buckets, equity_curve
from nba_props.plots.folds import fold_history
from nba_props.plots.model import confusion_matrix, feature_importance, reasons, residuals
from nba_props.plots.probability import Reliability, pit_histogram, reliability_diagram
from nba_props.plots.registry import CAPTIONS, PLOTS, About, Caption, Plot, add_plot, caption_of
from nba_props.plots.sweep import sweep_history, sweep_importance, sweep_running

__all__ = [
    "CAPTIONS",
    "PLOTS",
    "About",
    "Caption",
    "Plot",
    "Reliability",
    "add_plot",
    "caption_of",
    "clv_distribution",
    "confusion_matrix",
    "edge_buckets",
    "equity_curve",
    "feature_importance",
    "fold_history",
    "pit_histogram",
    "reasons",
    "reliability_diagram",
    "residuals",
    "sweep_history",
    "sweep_importance",
    "sweep_running",
]
