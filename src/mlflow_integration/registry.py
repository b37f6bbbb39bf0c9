"""The registry of models: `ModelRegistry` and what its methods return."""

from mlflow_integration.promotion.model_registry import ModelRegistry
from mlflow_integration.promotion.promoter import PromotionDecision
from mlflow_integration.promotion.staging import StagingReport
from mlflow_integration.stages.views import VersionInfo

__all__ = ["ModelRegistry", "PromotionDecision", "StagingReport", "VersionInfo"]
