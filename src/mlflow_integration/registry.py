"""`ModelRegistry`: the life of a model from registration over gates to Production and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlflow_integration.gates import Gate, GateReport, as_gates, check_gates, get_profile
from mlflow_integration.logging.items import Document
from mlflow_integration.logging.sink import Sink
from mlflow_integration.reading.comparison import side_by_side
from mlflow_integration.stages.live_checks import LiveChecks
from mlflow_integration.stages.moves import Moves
from mlflow_integration.stages.records import RegistryStore
from mlflow_integration.stages.registration import register_version
from mlflow_integration.stages.rules import Stage
from mlflow_integration.stages.views import RegistryViews, VersionInfo
from mlflow_integration.store.location import resolve_store
from mlflow_integration.values.arguments import as_names, as_version
from mlflow_integration.values.file_names import safe_file_name
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.tracking import MlflowClient

    from mlflow_integration.gates import GateProfile
    from mlflow_integration.stages.degradation import DegradationReport
    from mlflow_integration.stages.records import VersionState
    from mlflow_integration.values.types import AnyModel, AnyValue

__all__ = ["ModelRegistry", "PromotionDecision", "VersionInfo"]


@dataclass(frozen=True)
class PromotionDecision:
    """The outcome of `ModelRegistry.promote_if_passing`; truthy when the gates let the version into Production.

    Attributes:
        model_name: The model.
        version: The version.
        report: What each gate says.
        stage: Where the version stands now.
        reason: Why, in one line.
    """

    model_name: str
    version: int
    report: GateReport
    stage: Stage
    reason: str

    @property
    def promoted(self) -> bool:
        """Whether the gates let it into Production."""
        return self.report.passed

    def __bool__(self) -> bool:
        """Whether the gates let it into Production."""
        return self.promoted


class ModelRegistry:
    """Registered models of one store; nothing is opened before the first call.

    Args:
        tracking_uri: The store; ``MLFLOW_TRACKING_URI`` or the project's embedded store by default.
        profiles: Gate profiles besides the built-in ones.
    """

    def __init__(
        self, tracking_uri: str | Path | None = None, *, profiles: Mapping[str, GateProfile] | None = None
    ) -> None:
        self.store = resolve_store(tracking_uri)
        self.profiles = dict(profiles or {})
        self._records = RegistryStore(self.store)
        self._moves = Moves(self._records)
        self._views = RegistryViews(self._records)
        self._live = LiveChecks(self._records)

    @property
    def client(self) -> MlflowClient:
        """Plain MLflow client of the store."""
        return self._records.client

    # -- registering and moving -----------------------------------------------------------------------------------

    def register_model(
        self,
        run_id: str,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        *,
        model_id: str | None = None,
        description: str | None = None,
    ) -> int:
        """Register the model of a run as the next version, in stage None.

        The version carries the run's tags ``market``, ``data_fingerprint`` and ``data_kind``.

        Args:
            run_id: Run that logged the model.
            model_name: Name in the registry; created if it does not exist.
            tags: Tags of the version.
            model_id: Which of the run's models, where it has several; the last one by default.
            description: Text shown with the version.

        Returns:
            Number of the version.

        Raises:
            UnknownModelError: The run has logged no model, or `model_id` is another run's.
            TrackingError: There is no such run, or a tag cannot be stored.
        """
        return register_version(self._records, run_id, model_name, tags, model_id=model_id, description=description)

    def promote_model(
        self,
        model_name: str,
        version: int | str,
        stage: str | Stage = Stage.PRODUCTION,
        *,
        reason: str = "",
        override: bool = False,
        by: str | None = None,
    ) -> Stage:
        """Promote a version to Staging or Production; its previous holder leaves it in the same atomic step.

        Args:
            model_name: The model.
            version: The version.
            stage: ``"Staging"`` or ``"Production"``.
            reason: Why; kept in the history.
            override: Allow to skip Staging; kept in the history.
            by: Who; ``NBA_PROPS_USER`` or the login name by default.

        Returns:
            The stage it stands in now.

        Raises:
            PromotionError: The rules refuse the move.
            UnknownModelError: There is no such model or version.
        """
        return self._moves.promote(model_name, version, stage, reason=reason, override=override, by=by)

    def demote_model(self, model_name: str, version: int | str, *, reason: str, by: str | None = None) -> Stage:
        """Take a version one stage down: Production to Staging, Staging to None.

        After a demotion from Production the model has no Production version; `rollback_model` puts the previous one
        there.

        Raises:
            PromotionError: It is in neither of the two, or there is no reason.
        """
        return self._moves.demote(model_name, version, reason=reason, by=by)

    def archive_model(
        self, model_name: str, version: int | str, *, reason: str = "", override: bool = False, by: str | None = None
    ) -> Stage:
        """Archive a version.

        Raises:
            PromotionError: It is in Production and `override` is False.
        """
        return self._moves.archive(model_name, version, reason=reason, override=override, by=by)

    def rollback_model(
        self, model_name: str, *, reason: str, to_version: int | str | None = None, by: str | None = None
    ) -> int:
        """Put the previous Production version, or a named one, back into Production.

        Args:
            model_name: The model.
            reason: Why; kept in the history.
            to_version: Which version; the last one that was in Production before by default.
            by: Who.

        Returns:
            The version that is in Production now.

        Raises:
            PromotionError: There is no reason, or nothing to go back to.
        """
        return self._moves.roll_back(model_name, reason=reason, to_version=to_version, by=by)

    def delete_model_version(
        self, model_name: str, version: int | str, *, by: str | None = None, reason: str = ""
    ) -> None:
        """Delete a version from the registry; its run and files stay, and the history records it.

        Raises:
            PromotionError: It is in Production.
        """
        self._moves.delete(model_name, version, reason=reason, by=by)

    # -- gates ----------------------------------------------------------------------------------------------------

    def evaluate_for_production(
        self,
        model_name: str,
        version: int | str,
        criteria: Mapping[str, Any] | Iterable[Gate] | None = None,
        *,
        profile: str | GateProfile = "plan",
    ) -> GateReport:
        """Judge a version by the metrics of its run.

        The report is kept: as ``gate_report.json`` and ``version_<n>/gate_report_<profile>.md`` of the run, in the
        description of the version, and as the version's tags ``gate_verdict``,
        ``gate_profile``, ``gate_failed`` and ``gate_checked_at``.

        Args:
            model_name: The model.
            version: The version.
            criteria: Gates, or metric to threshold; overrides `profile`.
            profile: As for `get_profile`: ``"plan"``, ``"market"``, one of your own, or a TOML file; its exceptions for
                the version's market apply.

        Returns:
            The report, truthy when every gate passes.
        """
        number = as_version(version)
        record = self._records.state(model_name).version(number)
        market = record.tags.get("market")
        chosen = None if criteria is not None else get_profile(profile, self.profiles)
        metrics = self._records.run_metrics(record)
        about: dict[str, Any] = {"model_name": model_name, "version": number, "market": market}
        report = chosen.check(metrics, **about) if chosen else check_gates(metrics, as_gates(criteria or {}), **about)
        checked = datetime.now(UTC).isoformat(timespec="seconds")
        if record.run_id:
            latest = Document("gate_report.json", {**report.as_dict(), "checked_at": checked})
            title = f"# {model_name} version {number}, {checked}"
            own = f"version_{number}/gate_report_{safe_file_name(report.profile)}.md"
            kept = [latest, Document(own, f"{title}\n\n{report.markdown()}\n")]
            Sink(self.client, self.store.uri).write(record.run_id, kept)
        failed = ", ".join(result.gate.key for result in report.failures)
        tags = {"gate_verdict": report.verdict.value, "gate_profile": report.profile, "gate_failed": failed or "none"}
        self._records.tag_version(model_name, number, {**tags, "gate_checked_at": checked})
        self._records.note_version(model_name, number, f"Gates: {report.profile}", report.markdown())
        return report

    def promote_if_passing(
        self,
        model_name: str,
        version: int | str,
        criteria: Mapping[str, Any] | Iterable[Gate] | None = None,
        *,
        profile: str | GateProfile = "plan",
        by: str | None = None,
    ) -> PromotionDecision:
        """Judge a version; move it through Staging to Production if every gate passes, else leave it where it is."""
        number = as_version(version)
        report = self.evaluate_for_production(model_name, number, criteria, profile=profile)
        if report.passed:
            reason = f"gates: {report.summary}"
            current = self._records.state(model_name).version(number).stage
            if current not in (Stage.STAGING, Stage.PRODUCTION):
                self.promote_model(model_name, number, Stage.STAGING, reason=reason, by=by)
            self.promote_model(model_name, number, Stage.PRODUCTION, reason=reason, by=by)
        stage = self._records.state(model_name).version(number).stage
        return PromotionDecision(model_name, number, report, stage, report.summary)

    # -- reading --------------------------------------------------------------------------------------------------

    def transition_history(self, model_name: str) -> pd.DataFrame:
        """Return who moved which version when, from where to where and why, oldest first.

        Columns ``at``, ``by``, ``version``, ``from_stage``, ``to_stage``, ``previous``, ``reason``, ``override``,
        ``kind``, ``status``. A status other than ``done`` belongs to a process that died in the middle.
        """
        return self._views.history(model_name)

    def get_production_version(self, model_name: str) -> int | None:
        """Return the number of the Production version, None where there is none. One request."""
        return self._records.head(model_name).aliases.get(Stage.PRODUCTION)

    def get_production_model(self, model_name: str) -> VersionInfo:
        """Return everything known about the Production version.

        Raises:
            UnknownModelError: There is none.
        """
        return self.get_model_info(model_name)

    def get_model_info(
        self, model_name: str, version: int | str | None = None, *, stage: str | Stage | None = None
    ) -> VersionInfo:
        """Return everything known about a version, or about the holder of a stage (Production by default).

        Raises:
            UnknownModelError: There is no such version, or none holds the stage.
        """
        return self._views.info(model_name, version, stage)

    def list_models(self) -> pd.DataFrame:
        """Return one row per version, by model: stage, market, gate verdict, when it was registered, its run."""
        return self._views.all_versions()

    def compare_models(
        self, model_name: str, versions: Sequence[int | str], metrics: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Put versions side by side.

        Args:
            model_name: The model.
            versions: Two or more versions.
            metrics: Metrics to compare; all that the versions share by default.

        Returns:
            One row per metric: a column ``v<number>`` per version, ``direction``, ``best`` (missing where the direction
            is not known or the best is shared) and, for two versions, ``change``: ``better``, ``worse``, ``same`` of
            the second against the first.

        Raises:
            TrackingError: Fewer than two versions, or none has one of the metrics asked for.
        """
        several = isinstance(versions, Iterable) and not isinstance(versions, str)
        numbers = list(dict.fromkeys(as_version(version) for version in versions)) if several else []
        if len(numbers) < 2:
            message = "Name two or more different versions to compare."
            raise TrackingError(message)
        values = self._views.metrics(model_name, numbers)
        shared = set.intersection(*map(set, values.values()))
        return side_by_side(values, as_names(metrics) if metrics else sorted(shared))

    def load_model(
        self, model_name: str, version: int | str | None = None, *, stage: str | Stage | None = None
    ) -> AnyModel:
        """Load a version, or the holder of a stage (Production by default), as an MLflow pyfunc model.

        Raises:
            UnknownModelError: There is no such version, or none holds the stage.
        """
        return self._views.load(model_name, version, stage)

    # -- live results ---------------------------------------------------------------------------------------------

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
        """Compare recent live results with the version's validation, or with its gates.

        A metric has degraded only if its whole confidence interval, over days, lies on the worse side: a few unlucky
        nights prove nothing. Looking every day is testing many times; choose `confidence` accordingly.

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

        def thresholds(record: VersionState) -> dict[str, float]:
            gates = get_profile(profile, self.profiles).for_market(record.tags.get("market"))
            return {gate.metric: gate.threshold for gate in gates if isinstance(gate, Gate)}

        return self._live.check(
            model_name, live, version, against=against, thresholds=thresholds, tolerance=tolerance, **options
        )

    def rollback_if_degraded(
        self, model_name: str, live: pd.DataFrame, *, by: str | None = None, **options: AnyValue
    ) -> tuple[DegradationReport, int | None]:
        """Check the Production version as `check_degradation` does, and roll back if it has degraded.

        Returns:
            The report, and the version that is in Production instead (None where nothing was done).
        """
        if "version" in options:
            message = "rollback_if_degraded checks the Production version; use check_degradation for another one."
            raise TrackingError(message)
        report = self.check_degradation(model_name, live, **options)
        if not report.degraded:
            return report, None
        return report, self.rollback_model(model_name, reason=report.summary, by=by)
