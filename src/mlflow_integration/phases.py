"""The four phases of the programme, each an MLflow experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CALIBRATION_PHASE", "PHASES", "PROJECT_TAG", "Phase", "experiment_tags"]

PROJECT_TAG: Final = "nba-props"
CALIBRATION_PHASE: Final = 3
"""Number of the phase whose runs differ in their probabilities, not in their forecasts."""


@dataclass(frozen=True)
class Phase:
    """One phase of the programme.

    Attributes:
        number: Place in the programme, from 1.
        weeks: Weeks of the programme that it covers.
        description: What is asked in it; shown at the top of the experiment's page.
    """

    name: str
    number: int
    weeks: str
    description: str

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the experiment."""
        return {
            "phase": str(self.number),
            "project": PROJECT_TAG,
            "weeks": self.weeks,
            "mlflow.note.content": self.description,
        }


PHASES: Final[dict[str, Phase]] = {
    phase.name: phase
    for phase in (
        Phase(
            "Phase1_Foundation",
            1,
            "1-3",
            "Baselines: features of the three tiers, one booster, honest walk-forward against the naive forecasts.",
        ),
        Phase(
            "Phase2_Advanced",
            2,
            "4-7",
            "Better means: minutes stage, ensembles, tuned boosters, feature groups switched on and off.",
        ),
        Phase(
            "Phase3_Calibration",
            3,
            "8-9",
            "From means to probabilities: distributions, calibrators, comparison with the no-vig market.",
        ),
        Phase(
            "Phase4_Production",
            4,
            "10-12",
            "Candidates for use: betting rules, gates, registry, live monitoring.",
        ),
    )
}


def experiment_tags(name: str) -> dict[str, str]:
    """Return the tags that an experiment of this name gets when it is created."""
    phase = PHASES.get(name)
    return phase.tags if phase else {"project": PROJECT_TAG}
