"""Serve the store of this project on this machine; see `mlflow_integration.commands.serve`."""

from mlflow_integration.commands.serve import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
