"""Walk-forward evaluation: folds, out-of-sample predictions, and the metrics computed from them once."""
