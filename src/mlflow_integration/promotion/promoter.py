"""The path of a version: gates, Staging and its test, Production, and the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_integration.stages.requirements import PASS, staging_missing, why_not
from mlflow_integration.stages.rules import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_integration.gates import AnyGate, GateProfile, GateReport
    from mlflow_integration.promotion.bundle import Bundles
    from mlflow_integration.promotion.judging import Judge
    from mlflow_integration.promotion.staging import StagingTests
    from mlflow_integration.stages.moves import Moves
    from mlflow_integration.stages.records import RegistryStore


@dataclass(frozen=True)
class PromotionDecision:
    """The outcome of `ModelRegistry.promote_if_passing`; truthy when the version is in Production.

    Attributes:
        report: What each gate says.
        stage: The stage of the version now.
    """

    model_name: str
    version: int
    report: GateReport
    stage: Stage
    reason: str

    @property
    def promoted(self) -> bool:
        """Whether the gates and the test in Staging let it into Production."""
        return self.report.passed and self.stage is Stage.PRODUCTION

    def __bool__(self) -> bool:
        """Whether the gates and the test in Staging let it into Production."""
        return self.promoted


@dataclass(frozen=True)
class Promoter:
    """Moves versions up; arguments and errors as in `ModelRegistry`.

    Attributes:
        records: Reads and writes of the registry.
    """

    records: RegistryStore
    moves: Moves
    judge: Judge
    tests: StagingTests
    bundles: Bundles

    def promote(self, name: str, version: int | str, stage: str | Stage, **options: Any) -> Stage:  # noqa: ANN401 - of `Moves.promote`
        """Promote a version; one that comes into Production is written as a bundle."""
        before = self.records.head(name).aliases.get(Stage.PRODUCTION)
        reached = self.moves.promote(name, version, stage, **options)
        if reached is Stage.PRODUCTION and before != int(version):
            self.bundles.write(name, int(version))
        return reached

    def promote_if_passing(
        self,
        name: str,
        version: int,
        criteria: Mapping[str, Any] | Iterable[AnyGate] | None,
        profile: str | GateProfile | None,
        *,
        nights: int,
        by: str | None,
    ) -> PromotionDecision:
        """Judge a version; through Staging and its test to Production as far as the verdicts carry it."""
        report = self.judge.evaluate(name, version, criteria, profile, keep=True)
        refusal = self._promote_as_far_as_allowed(name, version, report, nights, by) if report.passed else ""
        stage = self.records.state(name).version(version).stage
        reason = f"{report.summary}. {refusal}" if refusal else report.summary
        return PromotionDecision(name, version, report, stage, reason)

    def _promote_as_far_as_allowed(
        self, name: str, version: int, report: GateReport, nights: int, by: str | None
    ) -> str:
        """Move a version that passes its gates as far as it may go; return what keeps it from Production."""
        other = self.judge.holder_profile(name, version)
        if other is not None:
            self.judge.evaluate(name, version, None, other, keep=True)
        state = self.records.state(name)
        record = state.version(version)
        if record.stage is Stage.PRODUCTION:
            return ""
        options: dict[str, Any] = {"reason": f"gates: {report.summary}", "override": False, "by": by, "nights": nights}
        refusal = why_not(state, record, 0)
        if refusal:
            return refusal
        if record.stage is not Stage.STAGING:
            self.promote(name, version, Stage.STAGING, **options)
        if nights and record.tags.get("staging_verdict") != PASS:
            self.tests.replay(name, version, nights=nights)
        refusal = staging_missing(self.records.state(name).version(version), nights)
        if refusal:
            return refusal
        self.promote(name, version, Stage.PRODUCTION, **{**options, "reason": ""})
        return ""
