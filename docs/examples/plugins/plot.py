"""A plot of one's own: mean absolute error of the forecast by month of the season."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nba_props.plots import About, add_plot
from nba_props.plots.style import BLUE, label, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nba_props.evaluation.market import MarketEvaluation


def mae_by_month(evaluation: MarketEvaluation, _estimator: object, about: About) -> Figure | None:
    """One bar per month; None, and so no file, where no game was forecast."""
    rows = evaluation.predictions
    if rows.empty:
        return None
    error = (rows["actual"] - rows["predicted"]).abs()
    months = error.groupby(rows["game_date"].dt.strftime("%Y-%m")).mean()
    figure, (panel,) = new_figure(f"{about.title}: MAE by month", simulated=about.simulated)
    panel.bar(months.index, months, color=BLUE)
    label(panel, "Month", "Mean absolute error (stat units)")
    return figure


add_plot("mae_by_month", mae_by_month, caption="the error month by month", link="error by month")
