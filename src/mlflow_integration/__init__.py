"""The MLflow wrapper: tracker, registry, gates and utilities, usable with any model of your own.

Importing this package imports neither MLflow nor pandas; both come with the first call that needs them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
