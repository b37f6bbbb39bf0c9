"""Sweeps: the settings of a recipe tuned with Optuna, chosen on dates before the first test date."""

__all__ = ["require_optuna"]


def require_optuna() -> None:
    """Import Optuna, quiet: the sweep says itself what happens. ConfigError where it is not installed."""
    try:
        import optuna
    except ImportError as error:
        from nba_props.errors import ConfigError

        message = "A sweep needs Optuna: run `uv sync --extra sweep`, outside a clone `pip install optuna`."
        raise ConfigError(message) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


require_optuna()  # every module of this package uses it
