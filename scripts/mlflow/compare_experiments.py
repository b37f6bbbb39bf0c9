"""Compare runs and move registered models; see `mlflow_integration.commands.compare_experiments`."""

from mlflow_integration.commands.compare_experiments import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
