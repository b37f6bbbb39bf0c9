"""Live results compared with what a registered version promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_integration.values.arguments import at_least
from nba_props.errors import TrackingError
from nba_props.metrics import direction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from mlflow_integration.stages.degradation import DegradationReport
    from mlflow_integration.stages.records import RegistryStore, VersionState
    from mlflow_integration.values.types import AnyValue


class LiveChecks:
    """Checks of live results; arguments and errors as for `ModelRegistry.check_degradation`."""

    def __init__(self, records: RegistryStore) -> None:
        self._records = records

    def check(
        self,
        name: str,
        live: pd.DataFrame,
        version: int | str | None,
        *,
        against: str,
        thresholds: Callable[[VersionState], Mapping[str, float]],
        tolerance: float,
        **options: AnyValue,
    ) -> DegradationReport:
        """Compare live results with validation, or with the `thresholds` (metric to number) of the version."""
        from mlflow_integration.stages.degradation import DegradationReport, check_live

        record = self._records.state(name).find(version)
        references = thresholds(record) if against == "gates" else self._validation(record, against, tolerance)
        metrics = check_live(live, references, **options)
        return DegradationReport(name, record.version, against, options.get("confidence", 0.95), metrics)

    def _validation(self, record: VersionState, against: str, tolerance: float) -> dict[str, float]:
        """The metrics of the version's run; errors may exceed them by the share `tolerance`."""
        at_least("tolerance", tolerance, 0)
        if against != "validation":
            message = f"Live results are compared with 'validation' or 'gates', not {against!r}."
            raise TrackingError(message)
        return {
            name: value * (1 + tolerance) if direction(name) == "min" else value
            for name, value in self._records.run_metrics(record).items()
        }
