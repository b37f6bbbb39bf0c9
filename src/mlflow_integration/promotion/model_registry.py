"""`ModelRegistry`: the life of a model from registration over gates to Production and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_integration.gates import Gate, get_profile
from mlflow_integration.promotion.audit import audit
from mlflow_integration.promotion.bundle import Bundles
from mlflow_integration.promotion.judging import Judge
from mlflow_integration.promotion.promoter import Promoter, PromotionDecision
from mlflow_integration.promotion.reading import RegistryReader
from mlflow_integration.promotion.records import Files
from mlflow_integration.promotion.staging import StagingReport, StagingTests, keep_degradation
from mlflow_integration.stages.degradation import check_version
from mlflow_integration.stages.moves import Moves
from mlflow_integration.stages.registration import register_version
from mlflow_integration.stages.requirements import STAGING_NIGHTS
from mlflow_integration.stages.rules import Stage
from mlflow_integration.values.arguments import as_version, as_whole
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd

    from mlflow_integration.gates import AnyGate, GateProfile, GateReport
    from mlflow_integration.stages.degradation import DegradationReport
    from mlflow_integration.stages.records import VersionState
    from mlflow_integration.values.types import AnyValue


class ModelRegistry(RegistryReader):
    """Registered models of one store; nothing is opened before the first call.

    Args:
        tracking_uri: The store; ``MLFLOW_TRACKING_URI`` or the project's embedded store by default.
        profiles: Gate profiles besides the built-in ones.
        staging_nights: Settled nights in Staging that Production needs; 0 for none, and is recorded.
    """

    def __init__(
        self,
        tracking_uri: str | Path | None = None,
        *,
        profiles: Mapping[str, GateProfile] | None = None,
        staging_nights: int = STAGING_NIGHTS,
    ) -> None:
        super().__init__(tracking_uri)
        self.profiles = dict(profiles or {})
        self.staging_nights = _as_nights(staging_nights)
        self._files = Files(self._records)
        self._moves = Moves(self._records)
        self._judge = Judge(self._records, self._files, self.profiles)
        self._tests = StagingTests(self._records, self._files)
        self._bundles = Bundles(self._records, self._files)
        self._promoter = Promoter(self._records, self._moves, self._judge, self._tests, self._bundles)

    def _nights(self, given: int | None) -> int:
        return self.staging_nights if given is None else _as_nights(given)

    # -- registering and moving -----------------------------------------------------------------------------------

    def register_model(
        self,
        run_id: str,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        *,
        model_id: str | None = None,
        description: str | None = None,
        gate_profile: str | GateProfile | None = None,
        allow_code: bool = False,
    ) -> int:
        """Register the model of a run as the next version, in stage None.

        The version carries the run's tags ``market``, ``data_fingerprint`` and ``data_kind``.

        Args:
            run_id: Run that logged the model.
            model_name: Name in the registry; created if it does not exist.
            tags: Tags of the version.
            model_id: Which of the run's models; needed where it has several.
            description: Text shown with the version.
            gate_profile: The profile whose verdict it needs for Production; that of its first judgement by default.
            allow_code: Take a model that runs code on load, though that was not allowed when it was logged.

        Returns:
            Number of the version.

        Raises:
            UnknownModelError: The run has logged no model or several and none is named, or `model_id` is another run's.
            TrackingError: There is no such run, or a tag cannot be stored.
            ModelFilesError: The model's files are not those that were logged, or run code that nobody allowed.
        """
        profile = None if gate_profile is None else get_profile(gate_profile, self.profiles).name
        about = {"model_id": model_id, "description": description, "gate_profile": profile}
        return register_version(self._records, run_id, model_name, tags, allow_code=allow_code, **about)

    def promote_model(
        self,
        model_name: str,
        version: int | str,
        stage: str | Stage = Stage.PRODUCTION,
        *,
        reason: str = "",
        override: bool = False,
        by: str | None = None,
        staging_nights: int | None = None,
    ) -> Stage:
        """Promote a version to Staging or Production; its previous holder leaves it in the same atomic step.

        Production needs a passing verdict of the version's own gate profile and a passed test in Staging, or an
        override with a reason. A version that reaches Production is written as a bundle (`write_bundle`).

        Args:
            model_name: The model.
            version: The version.
            stage: ``"Staging"`` or ``"Production"``.
            reason: Why; kept in the history.
            override: Allow what the rules refuse; needs a reason, and both are kept in the history.
            by: Who; ``NBA_PROPS_USER`` or the login name by default.
            staging_nights: Settled nights in Staging required; those of the registry by default.

        Returns:
            The stage it is in now.

        Raises:
            PromotionError: The rules refuse the move, or an override has no reason.
            UnknownModelError: There is no such model or version.
            TrackingError: It is in Production, but its bundle cannot be written.
        """
        options = {"reason": reason, "override": override, "by": by, "nights": self._nights(staging_nights)}
        return self._promoter.promote(model_name, version, stage, **options)

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

        The version that leaves has the tag ``gate_verdict=rolled back`` from then on; only an override brings it back.
        """
        back = self._moves.roll_back(model_name, reason=reason, to_version=to_version, by=by)
        self._bundles.write(model_name, back)
        return back

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
        profile: str | GateProfile | None = None,
        record: bool = True,
    ) -> GateReport:
        """Judge a version by the metrics of its run; without the nights the run keeps for the test in Staging.

        The report is kept among the run's artifacts, ``gates/<model>_v<version>/gate_report_<profile>.md`` and
        ``.json``, and as tags of the version: ``gate_verdict``, ``gate_profile``, ``gate_failed``, ``gate_checked_at``.
        The first profile a version is registered or judged with is its own; the verdict of another one is kept beside
        it. The verdict under which a version is in Production stays what it was.

        Args:
            model_name: The model.
            version: The version.
            criteria: Gates, or metric to threshold; overrides `profile`.
            profile: As for `get_profile`: ``"plan"``, ``"market"``, one of your own, or a TOML file; its exceptions for
                the version's market apply. By default the version's own, else Production's, else ``"plan"``.
            record: Keep the report; without it nothing is written.

        Returns:
            The report, truthy when every gate passes.
        """
        return self._judge.evaluate(model_name, as_version(version), criteria, profile, keep=record)

    def promote_if_passing(
        self,
        model_name: str,
        version: int | str,
        criteria: Mapping[str, Any] | Iterable[AnyGate] | None = None,
        *,
        profile: str | GateProfile | None = None,
        by: str | None = None,
        staging_nights: int | None = None,
    ) -> PromotionDecision:
        """Judge a version, and move it as far as the verdicts carry it.

        It goes to Staging if every gate passes. From there it goes to Production if it passes its test in Staging: on
        the settled nights recorded so far, or on the last nights of its run, where the run kept them out of the gates.

        Args:
            model_name: The model.
            version: The version.
            criteria: As for `evaluate_for_production`.
            profile: As for `evaluate_for_production`.
            by: Who; ``NBA_PROPS_USER`` or the login name by default.
            staging_nights: Settled nights in Staging required, 0 for none; those of the registry by default.
        """
        nights = self._nights(staging_nights)
        return self._promoter.promote_if_passing(
            model_name, as_version(version), criteria, profile, nights=nights, by=by
        )

    def record_staging_nights(
        self,
        model_name: str,
        version: int | str,
        live: pd.DataFrame,
        *,
        source: str = "shadow cards",
        staging_nights: int | None = None,
    ) -> StagingReport:
        """Judge a version in Staging by its settled nights there.

        It fails if a metric has degraded against what the gates saw, as `check_degradation` decides. The report is kept
        as ``gates/<model>_v<version>/staging_report.md`` and ``.json`` and as tags ``staging_*`` of the version.

        Args:
            model_name: The model.
            version: The version; it is in Staging.
            live: All settled rows since it reached Staging; columns as for `check_degradation`.
            source: Where they come from, in words.
            staging_nights: Nights required; those of the registry by default.

        Raises:
            PromotionError: The version is not in Staging.
            TrackingError: Nothing can be compared.
        """
        nights = self._nights(staging_nights)
        return self._tests.record(model_name, as_version(version), live, source=source, nights=nights)

    def audit(self, model_name: str | None = None) -> pd.DataFrame:
        """Look for versions that reached a stage outside the registry, record them, and bring stale copies in line.

        Args:
            model_name: The model; all by default.

        Returns:
            One row per finding: ``model``, ``version``, ``stage``, ``finding``, ``detail``. Findings: ``moved outside``
            (an alias moved by hand or by another client), ``taken over`` (from MLflow's own stages), ``without a
            verdict`` (in Production with neither a passing verdict nor a reasoned override), ``copy differs``.
        """
        return audit(self._records, self._records.names() if model_name is None else [model_name])

    def record_outside(self, model_name: str | None = None) -> None:
        """Record in the history what was done outside this registry to a model, or to any."""
        for name in self._records.names() if model_name is None else [model_name]:
            self._records.refreshed(name)

    def write_bundle(self, model_name: str, version: int | str, output: Path | None = None) -> Path:
        """Write a version as a folder to deploy: model, configuration, gate reports, model card, digests.

        Args:
            model_name: The model.
            version: The version.
            output: The folder; ``models/<model>/version_<n>/`` under the project root by default.

        Raises:
            TrackingError: A file cannot be read or written.
        """
        return self._bundles.write(model_name, as_version(version), output)

    # -- live results ---------------------------------------------------------------------------------------------

    def check_degradation(
        self,
        model_name: str,
        live: pd.DataFrame,
        version: int | str | None = None,
        *,
        against: str = "validation",
        profile: str | GateProfile | None = None,
        tolerance: float = 0.05,
        **options: AnyValue,
    ) -> DegradationReport:
        """Compare recent live results with the version's validation, or with its gates.

        A metric has degraded only if its whole confidence interval, over days, lies on the worse side: a few unlucky
        nights prove nothing. Looking every day is testing many times; choose `confidence` accordingly. The report is
        kept among the artifacts of the version's run, one per day, and as tags ``degradation*`` of the version.

        Args:
            model_name: The model.
            live: One row per settled prediction or bet; columns as for `degradation.check_live`.
            version: The version; the Production one by default.
            against: ``"validation"`` (the metrics of its run) or ``"gates"`` (the thresholds of `profile`).
            profile: Gate profile, for ``"gates"``; the version's own by default.
            tolerance: Share by which an error metric may exceed its validation value before that counts.
            **options: ``confidence`` (0.95), ``min_days`` (20), ``seed``.

        Raises:
            TrackingError: Nothing can be compared.
        """

        def thresholds(record: VersionState) -> dict[str, float]:
            chosen = self._judge.profile_of(model_name, record.version, profile)
            gates = chosen.for_market(record.tags.get("market"))
            return {gate.metric: gate.threshold for gate in gates if isinstance(gate, Gate)}

        report = check_version(
            self._records,
            model_name,
            live,
            version,
            against=against,
            thresholds=thresholds,
            tolerance=tolerance,
            **options,
        )
        keep_degradation(self._records, self._files, report)
        return report

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


def _as_nights(nights: int) -> int:
    """Return a number of nights; TrackingError unless it is a whole number from 0 on."""
    number = as_whole("staging_nights", nights)
    if number < 0:
        message = f"staging_nights must be 0 or more, not {nights!r}."
        raise TrackingError(message)
    return number
