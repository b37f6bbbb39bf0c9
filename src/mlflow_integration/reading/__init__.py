"""Reading runs: search, comparison, bests, phases, housekeeping, export; handed on by `mlflow_integration.utils`."""
