"""The MLflow wrapper: tracker, registry, gates and utilities, usable with any model of your own."""
