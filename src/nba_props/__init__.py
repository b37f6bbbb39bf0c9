"""NBA player-props modelling: data, features, estimators, distributions, betting, evaluation and plots.

Nothing in this package knows about MLflow; ``models`` joins it to ``mlflow_integration``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
