"""Training programmes: what joins ``nba_props`` to ``mlflow_integration``."""
