"""Figures as pure functions of computed tables, without pyplot; matplotlib is imported when one is drawn.

Every function returns a `matplotlib.figure.Figure` of 800 pixels' width and takes ``simulated=True`` to be stamped so.
"""

from nba_props.plots.betting import clv_distribution, edge_buckets, equity_curve
from nba_props.plots.errors import fold_history, segment_bars
from nba_props.plots.probability import pit_histogram, reliability_diagram

__all__ = [
    "clv_distribution",
    "edge_buckets",
    "equity_curve",
    "fold_history",
    "pit_histogram",
    "reliability_diagram",
    "segment_bars",
]
