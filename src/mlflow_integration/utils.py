"""Reading and housekeeping: compare, rank, export, clean up. Everything is returned; nothing is printed.

An unknown experiment raises `UnknownExperimentError`, which names the ones that exist.
"""

from mlflow_integration.reading.best import best_with_trials, get_best_model, get_best_runs
from mlflow_integration.reading.housekeeping import RunConfig, cleanup_failed_runs, clone_run_config, storage_report
from mlflow_integration.reading.phases import compare_phases
from mlflow_integration.reading.search import compare_runs, export_runs, list_runs, search_runs
from mlflow_integration.reports.week_plan import plan_week
from mlflow_integration.reports.weekly import get_week_plan, get_weekly_summary
from mlflow_integration.reports.write import generate_report, generate_weekly_report
from mlflow_integration.store.experiments import setup_experiments

__all__ = [
    "RunConfig",
    "best_with_trials",
    "cleanup_failed_runs",
    "clone_run_config",
    "compare_phases",
    "compare_runs",
    "export_runs",
    "generate_report",
    "generate_weekly_report",
    "get_best_model",
    "get_best_runs",
    "get_week_plan",
    "get_weekly_summary",
    "list_runs",
    "plan_week",
    "search_runs",
    "setup_experiments",
    "storage_report",
]
