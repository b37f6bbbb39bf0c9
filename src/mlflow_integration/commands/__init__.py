"""The commands of the wrapper (set up, compare, check); `scripts/mlflow` and the entry points lead here."""
