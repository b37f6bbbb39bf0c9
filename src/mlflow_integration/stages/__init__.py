"""Stages of a registered model: rules, records, registration, moves, views, live checks."""

from mlflow_integration.stages.rules import Stage, Transition

__all__ = ["Stage", "Transition"]
