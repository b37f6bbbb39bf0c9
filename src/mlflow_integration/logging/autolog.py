"""Cheap autologging: no model, no data set and no signature per fit."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.location import load_mlflow
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator


FRAMEWORKS: Final = ("xgboost", "lightgbm", "sklearn")
_enabled: set[str] = set()


def check_frameworks(frameworks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the frameworks named, all of them for none; TrackingError for an unknown one."""
    for framework in frameworks:
        if framework not in FRAMEWORKS:
            message = f"Autologging supports {', '.join(FRAMEWORKS)}, not {framework!r}."
            raise TrackingError(message)
    return frameworks or FRAMEWORKS


def enable_autologging(*frameworks: str) -> None:
    """Let MLflow log the parameters and metrics of each fit, without a model or a data set each time.

    Four walk-forward folds take minutes with MLflow's own defaults, and a second or two with these.

    Args:
        *frameworks: Any of ``"xgboost"``, ``"lightgbm"``, ``"sklearn"``; all of them by default.

    Raises:
        TrackingError: A framework is unknown.
    """
    load_mlflow()
    for framework in check_frameworks(frameworks):
        importlib.import_module(f"mlflow.{framework}").autolog(
            log_models=False, log_datasets=False, log_input_examples=False, log_model_signatures=False, silent=True
        )
        _enabled.add(framework)


def disable_autologging(*frameworks: str) -> None:
    """Switch off what `enable_autologging` switched on (all of it by default)."""
    for framework in set(check_frameworks(frameworks)) & _enabled:
        importlib.import_module(f"mlflow.{framework}").autolog(disable=True)
        _enabled.discard(framework)


@contextmanager
def autologging_off() -> Iterator[None]:
    """Switch autologging off for the block (around folds), and back on afterwards."""
    before = tuple(sorted(_enabled))
    if before:
        disable_autologging(*before)
    try:
        yield
    finally:
        if before:
            enable_autologging(*before)
