"""Sweeps: the settings of a recipe tuned with Optuna, chosen on dates before the first test date."""
