"""Make the experiments of the four phases; see `mlflow_integration.commands.setup_experiments`."""

from mlflow_integration.commands.setup_experiments import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
