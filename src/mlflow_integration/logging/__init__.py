"""Logging: items, the sink that writes them, runs, models, data sets, autologging."""

from mlflow_integration.logging.items import (
    Artifact,
    Document,
    Figure,
    History,
    Item,
    Metrics,
    Params,
    SupportsEvaluation,
    Table,
    Tags,
)

__all__ = [
    "Artifact",
    "Document",
    "Figure",
    "History",
    "Item",
    "Metrics",
    "Params",
    "SupportsEvaluation",
    "Table",
    "Tags",
]
