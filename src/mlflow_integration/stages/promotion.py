"""What the command line does in more than one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_integration.stages.rules import Stage

if TYPE_CHECKING:
    from mlflow_integration.gates import GateReport
    from mlflow_integration.registry import ModelRegistry


@dataclass(frozen=True)
class PromotionOutcome:
    """What came of a promotion asked for on the command line.

    Attributes:
        model: The model.
        version: The version.
        stage: Where it stands now.
        done: Whether it stands where it was to go.
        text: One line for people.
        report: What the gates say, where they were asked.
    """

    model: str
    version: int
    stage: Stage
    done: bool
    text: str
    report: GateReport | None = None

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain values."""
        gates = self.report.as_dict() if self.report is not None else None
        about = {"model": self.model, "version": self.version, "stage": self.stage.value, "done": self.done}
        return {**about, "text": self.text, "gate_report": gates}


def promote_version(
    registry: ModelRegistry,
    model: str,
    version: int,
    *,
    stage: str = Stage.PRODUCTION,
    profile: str = "plan",
    force: bool = False,
    reason: str = "",
) -> PromotionOutcome:
    """Promote to Staging, or to Production if the gates let it; `force` passes both over, and is recorded."""
    target = Stage.parse(stage)
    if force or target is not Stage.PRODUCTION:
        why = f"forced: {reason}" if force else reason
        registry.promote_model(model, version, target, reason=why, override=force)
        return PromotionOutcome(model, version, target, done=True, text=f"{model} version {version} is in {target}.")
    decision = registry.promote_if_passing(model, version, profile=profile)
    verb = "is in" if decision.promoted else "stays in stage"
    text = f"{model} version {version} {verb} {decision.stage}. {decision.reason}"
    return PromotionOutcome(model, version, decision.stage, done=decision.promoted, text=text, report=decision.report)
