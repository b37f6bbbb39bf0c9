"""Gates between a model and real money: single gates, profiles, and the report."""

from mlflow_integration.gates.challenger import Challenge, Evidence, challenge
from mlflow_integration.gates.gate import GATES, Answer, AnyGate, Gate, GateResult, NamedGate, Verdict
from mlflow_integration.gates.profiles import (
    DEFAULT_PRODUCTION_CRITERIA,
    PROFILES,
    GateProfile,
    as_gates,
    get_profile,
    load_profiles,
    rebuild_profile,
)
from mlflow_integration.gates.report import GateReport, check_gates

__all__ = [
    "DEFAULT_PRODUCTION_CRITERIA",
    "GATES",
    "PROFILES",
    "Answer",
    "AnyGate",
    "Challenge",
    "Evidence",
    "Gate",
    "GateProfile",
    "GateReport",
    "GateResult",
    "NamedGate",
    "Verdict",
    "as_gates",
    "challenge",
    "check_gates",
    "get_profile",
    "load_profiles",
    "rebuild_profile",
]
