"""The model of a run as MLflow keeps it: the whole forecast, loaded again and checked."""
