"""Reading runs: search, comparison, bests, phases, housekeeping, export; handed on by `mlflow_integration.utils`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
