"""Check whether tracking works here; see `mlflow_integration.commands.test_tracking`."""

from mlflow_integration.commands.test_tracking import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
