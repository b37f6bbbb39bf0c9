"""The registry's answer to live results: has the version in use become worse, and if so, back to the one before."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from mlflow_integration.gates import Gate, get_profile
from mlflow_integration.stages.views import RegistryViews
from mlflow_integration.values.arguments import at_least
from nba_props.errors import TrackingError
from nba_props.metrics import direction

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from mlflow_integration.gates import GateProfile
    from mlflow_integration.stages.degradation import DegradationReport
    from mlflow_integration.stages.records import VersionState
    from mlflow_integration.values.types import AnyValue


class LiveChecks(RegistryViews):
    """The part of `ModelRegistry` that looks at live results."""

    profiles: Mapping[str, GateProfile]

    @abstractmethod
    def rollback_model(
        self, model_name: str, *, reason: str, to_version: int | str | None = None, by: str | None = None
    ) -> int:
        """Put the previous Production version, or a named one, back into Production."""

    def check_degradation(
        self,
        model_name: str,
        live: pd.DataFrame,
        version: int | str | None = None,
        *,
        against: str = "validation",
        profile: str | GateProfile = "plan",
        tolerance: float = 0.05,
        **options: AnyValue,
    ) -> DegradationReport:
        """Hold recent live results against what the version showed in validation, or against its gates.

        A metric has degraded only if its whole confidence interval, over days, lies on the worse side: a few unlucky
        nights do not tell. Looking every day is testing many times; choose `confidence` accordingly.

        Args:
            model_name: The model.
            live: One row per settled prediction or bet; columns as for `degradation.check_live`.
            version: The version; the Production one by default.
            against: ``"validation"`` (the metrics of its run) or ``"gates"`` (the thresholds of `profile`).
            profile: Gate profile, for ``"gates"``.
            tolerance: Share by which an error metric may exceed its validation value before that counts.
            **options: ``confidence`` (0.95), ``min_days`` (20), ``seed``.

        Raises:
            TrackingError: Nothing can be compared.
        """
        from mlflow_integration.stages.degradation import DegradationReport, check_live

        state = self._records.state(model_name)
        record = state.version(self._resolve(state, version, None))
        references = self._references(record, against, profile, tolerance)
        metrics = check_live(live, references, **options)
        return DegradationReport(model_name, record.version, against, options.get("confidence", 0.95), metrics)

    def _references(
        self, record: VersionState, against: str, profile: str | GateProfile, tolerance: float
    ) -> dict[str, float]:
        if against == "gates":
            gates = get_profile(profile, self.profiles).for_market(record.tags.get("market"))
            return {gate.metric: gate.threshold for gate in gates if isinstance(gate, Gate)}
        at_least("tolerance", tolerance, 0)
        if against != "validation":
            message = f"Live results are held against 'validation' or 'gates', not {against!r}."
            raise TrackingError(message)
        return {
            name: value * (1 + tolerance) if direction(name) == "min" else value
            for name, value in self._run_metrics(record).items()
        }

    def rollback_if_degraded(
        self, model_name: str, live: pd.DataFrame, *, by: str | None = None, **options: AnyValue
    ) -> tuple[DegradationReport, int | None]:
        """Check the Production version as `check_degradation` does, and roll back if it has degraded.

        Returns:
            The report, and the version that is in Production instead (None where nothing was done).
        """
        if "version" in options:
            message = "rollback_if_degraded looks at the Production version; for another one say check_degradation."
            raise TrackingError(message)
        report = self.check_degradation(model_name, live, **options)
        if not report.degraded:
            return report, None
        return report, self.rollback_model(model_name, reason=report.summary, by=by)
