"""The plots and tables of one model, as short methods of the tracker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

from mlflow_integration.logging.items import Figure, Item, Table
from mlflow_integration.values.arguments import as_mapping
from mlflow_integration.values.file_names import safe_file_name
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mlflow_integration.values.types import AnyModel, ArrayLike


class LogsItems(Protocol):
    """What has a run to write items to."""

    def log_items(self, items: Iterable[Item]) -> tuple[str, ...]:
        """Log any items."""


class Diagnostics:
    """Methods that draw or tabulate, for a class that logs items."""

    def log_plots(self: LogsItems, plots: Mapping[str, Any] | Sequence[Any]) -> None:
        """Log plots: file name to a matplotlib figure, or to a function that returns one; or figures alone.

        Figures without a name are named after their title, else ``plot_1.png``, ``plot_2.png``, ...
        """
        named = plots if isinstance(plots, Mapping) or not isinstance(plots, Iterable) else _named(plots)
        self.log_items([Figure(str(name), make) for name, make in as_mapping("Plots", named).items()])

    def log_feature_importance(
        self: LogsItems, model_or_importance: AnyModel, feature_names: Sequence[str] | None = None, *, top_n: int = 25
    ) -> dict[str, float]:
        """Log ``feature_importance.png`` and ``feature_importance.csv``.

        Args:
            model_or_importance: A fitted model, or a mapping of feature to importance.
            feature_names: Names in column order, where the model does not know them.
            top_n: How many features the plot shows; the table has them all.

        Returns:
            Importance by feature, most important first.
        """
        import pandas as pd

        from mlflow_integration.logging.importance import importance_of
        from nba_props import plots

        given = model_or_importance
        shares = (
            {str(name): float(value) for name, value in given.items()}
            if isinstance(given, Mapping)
            else importance_of(given, feature_names)
        )
        if top_n < 1 or not shares or not all(map(isfinite, shares.values())):
            message = "Feature importance needs at least one feature, finite numbers, and top_n of at least 1."
            raise TrackingError(message)
        ranked = dict(sorted(shares.items(), key=lambda pair: -abs(pair[1])))
        frame = pd.DataFrame({"feature": list(ranked), "importance": list(ranked.values())})
        draw = partial(plots.feature_importance, ranked, top_n=top_n)
        self.log_items([Figure("feature_importance.png", draw), Table("feature_importance.csv", frame)])
        return ranked

    def log_calibration_curve(self: LogsItems, outcome: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> None:
        """Log ``calibration_curve.png`` of 0/1 outcomes against forecast probabilities."""
        from mlflow_integration.logging.forecasts import calibration_table
        from nba_props import plots

        table = calibration_table(outcome, probability, bins=bins)
        draw = partial(plots.reliability_diagram, table, probability, event="the event", title="Calibration")
        self.log_items([Figure("calibration_curve.png", draw)])

    def log_residuals_plot(self: LogsItems, actual: ArrayLike, predicted: ArrayLike) -> None:
        """Log ``residuals_analysis.png``."""
        from mlflow_integration.logging.forecasts import number_pairs
        from nba_props import plots

        pairs = number_pairs(actual, predicted, "actual and predicted")
        self.log_items([Figure("residuals_analysis.png", partial(plots.residuals, *pairs))])

    def log_confusion_matrix(
        self: LogsItems, actual: ArrayLike, predicted: ArrayLike, labels: Sequence[str] = ("under", "over")
    ) -> None:
        """Log ``confusion_matrix.png`` of class indices."""
        from mlflow_integration.logging.forecasts import class_pairs
        from nba_props import plots

        pairs = class_pairs(actual, predicted, labels)
        self.log_items([Figure("confusion_matrix.png", partial(plots.confusion_matrix, *pairs, labels=labels))])

    def log_predictions(self: LogsItems, predictions: pd.DataFrame, name: str = "predictions.csv") -> None:
        """Log one row per prediction as CSV (or Parquet, by the ending of the name)."""
        self.log_items([Table(name, predictions)])

    def log_error_analysis(
        self: LogsItems,
        predictions: pd.DataFrame,
        *,
        by: Sequence[str] | str | None = None,
        actual: str = "actual",
        predicted: str = "predicted",
    ) -> pd.DataFrame:
        """Log ``error_analysis.csv``: errors (actual minus predicted) over all rows and by group.

        Args:
            predictions: One row per prediction.
            by: Columns to group by, each on its own.
            actual: Column of what happened.
            predicted: Column of what was predicted.

        Returns:
            The columns of `nba_props.metrics.tables.error_table`.

        Raises:
            TrackingError: A column is missing.
        """
        from mlflow_integration.logging.forecasts import error_analysis

        frame = error_analysis(predictions, by=by, actual=actual, predicted=predicted)
        self.log_items([Table("error_analysis.csv", frame)])
        return frame


def _named(figures: Iterable[Any]) -> dict[str, Any]:
    """Figures by file names made from their titles; a later one of the same name gets a number."""
    named: dict[str, Any] = {}
    for number, figure in enumerate(figures, start=1):
        title = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""
        axes = getattr(figure, "axes", [])
        name = safe_file_name(title or (axes[0].get_title() if axes else "")) if title or axes else "_"
        name = name if name != "_" else f"plot_{number}"
        named[f"{name}.png" if f"{name}.png" not in named else f"{name}_{number}.png"] = figure
    return named
