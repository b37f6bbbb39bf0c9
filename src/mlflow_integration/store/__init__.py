"""The tracking store: where it is, how it is opened and searched, a server for it, stores of earlier MLflows."""

from mlflow_integration.store.location import Store, load_mlflow, project_root, resolve_store

__all__ = ["Store", "load_mlflow", "project_root", "resolve_store"]
