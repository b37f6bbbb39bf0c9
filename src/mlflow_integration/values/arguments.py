"""Arguments of public functions, checked on entry: one message that says what is expected, no traceback."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nba_props.errors import TrackingError, UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_integration.values.types import AnyModel, AnyValue


def as_mapping(what: str, values: AnyValue) -> dict[Any, Any]:
    """Return `values` as a dictionary (a pandas Series is one by its index), else raise TrackingError."""
    if isinstance(values, Mapping) or (hasattr(values, "items") and hasattr(values, "index")):
        pairs = list(values.items())
        content = dict(pairs)
        if len(content) < len(pairs):
            message = f"{what}: a name occurs twice in the {type(values).__name__}."
            raise TrackingError(message)
        return content
    message = f"{what} must be a dictionary, not a {type(values).__name__}."
    raise TrackingError(message)


def as_names(names: Sequence[str] | str) -> list[str]:
    """Return one name or several as a list: a string is one name. TrackingError for what is not text."""
    several = list(names) if isinstance(names, Iterable) and not isinstance(names, str) else [names]
    for name in several:
        if not isinstance(name, str):
            message = f"Expected a name or a list of names, not {name!r}."
            raise TrackingError(message)
    return several


def as_path(path: AnyValue) -> Path:
    """Return a path; TrackingError for anything else."""
    if isinstance(path, (str, Path)) or hasattr(path, "__fspath__"):
        return Path(path)
    message = f"Expected a file or folder, not a {type(path).__name__}."
    raise TrackingError(message)


def as_whole(what: str, value: AnyValue) -> int:
    """Return `value` (Python's or numpy's) as an integer; TrackingError where it is not a whole number."""
    try:
        return operator.index(value)
    except TypeError:
        message = f"{what} must be a whole number, not {value!r}."
        raise TrackingError(message) from None


def as_version(version: AnyValue) -> int:
    """Return the number of a version, given as number or text; UnknownModelError for anything else."""
    if isinstance(version, str) and version.isascii() and version.isdigit():
        return int(version)
    try:
        return operator.index(version)
    except TypeError:
        message = f"A version is a number such as 3, not {version!r}."
        raise UnknownModelError(message) from None


def at_least(what: str, value: AnyValue, least: float) -> None:
    """Refuse numbers below `least`, and anything that is not a number (TrackingError)."""
    if not isinstance(value, Real) or not float(value) >= least:
        message = f"{what} must be at least {least:g}, not {value!r}."
        raise TrackingError(message)


def require_frame(what: str, frame: AnyValue) -> None:
    """Refuse anything but a pandas DataFrame (TrackingError)."""
    if not hasattr(frame, "columns") or not hasattr(frame, "dtypes"):
        message = f"{what} must be a pandas DataFrame, not a {type(frame).__name__}."
        raise TrackingError(message)


def require_fitted(model: AnyModel) -> None:
    """Refuse a model that has not been fitted; one that does not follow scikit-learn's conventions passes.

    Raises:
        TrackingError: It has not been fitted, or is a class.
    """
    if isinstance(model, type):
        message = f"{model.__name__} is a class: fit an instance of it, {model.__name__}().fit(...), and pass that."
        raise TrackingError(message)
    if not hasattr(model, "get_params") or not hasattr(model, "fit"):
        return
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError as error:
        message = f"This {type(model).__name__} has not been fitted."
        raise TrackingError(message) from error
