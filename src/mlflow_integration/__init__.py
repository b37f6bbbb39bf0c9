"""The MLflow wrapper: tracker, registry, gates and utilities, usable with any model of your own.

Importing this package imports neither MLflow nor pandas; both come with the first call that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_integration._autolog import autologging_off, disable_autologging, enable_autologging
    from mlflow_integration._types import AnyValue
    from mlflow_integration.gates import DEFAULT_PRODUCTION_CRITERIA, Gate, GateReport
    from mlflow_integration.items import SupportsEvaluation
    from mlflow_integration.phases import PHASES
    from mlflow_integration.registry import ModelRegistry
    from mlflow_integration.stages import Stage
    from mlflow_integration.tracker import NBAPropsTracker

__all__ = [
    "DEFAULT_PRODUCTION_CRITERIA",
    "PHASES",
    "Gate",
    "GateReport",
    "ModelRegistry",
    "NBAPropsTracker",
    "Stage",
    "SupportsEvaluation",
    "autologging_off",
    "disable_autologging",
    "enable_autologging",
]

_HOME = {
    "DEFAULT_PRODUCTION_CRITERIA": "gates",
    "PHASES": "phases",
    "Gate": "gates",
    "GateReport": "gates",
    "ModelRegistry": "registry",
    "NBAPropsTracker": "tracker",
    "Stage": "stages",
    "SupportsEvaluation": "items",
    "autologging_off": "_autolog",
    "disable_autologging": "_autolog",
    "enable_autologging": "_autolog",
}


def __getattr__(name: str) -> AnyValue:
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
