"""NBA player-props modelling: data, features, estimators, distributions, betting, evaluation and plots.

Nothing in this package knows about MLflow; ``models`` joins it to ``mlflow_integration``.
"""
