"""From numpy, pandas and nested dictionaries to what MLflow stores faithfully."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.values.secrets import mask_secrets, without_secrets
from nba_props.errors import NonFiniteMetricError, TrackingError
from nba_props.metrics import check_metric_name

if TYPE_CHECKING:
    from mlflow_integration.values.types import AnyValue

MAX_DEPTH: Final = 50


def to_number(name: str, value: AnyValue) -> float:
    """Return `value` as a Python float; NaN for None and pandas' missing values.

    Accepts Python, numpy and pandas scalars and arrays of one element.

    Raises:
        TrackingError: It is not a number.
    """
    if value is None:
        return math.nan
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:  # numpy scalars, 0-d and 1-element arrays, Series
        value = value.item()
    if type(value).__name__ in {"NAType", "NaTType"}:
        return math.nan
    if isinstance(value, (str, bytes)):
        message = f"Metric {name!r} is the text {value!r}, not a number."
        raise TrackingError(message)
    try:
        return float(value)
    except OverflowError as error:
        message = f"Metric {name!r} is too large for a number that can be stored."
        raise TrackingError(message) from error
    except (TypeError, ValueError) as error:
        message = f"Metric {name!r} is a {type(value).__name__}, not a number."
        raise TrackingError(message) from error


def finite_metrics(values: Mapping[str, Any], *, allow_missing: bool) -> tuple[dict[str, float], list[str]]:
    """Turn metrics into floats; return the finite ones and the names of those left out, if missing ones are allowed.

    MLflow stores infinity silently as 1.8e308 and NaN as NaN; both break sorting in its pages.

    Raises:
        NonFiniteMetricError: A value is missing, NaN or infinite and `allow_missing` is False; names them all.
        TrackingError: A name cannot be a metric name, or a value is not a number.
    """
    numbers = {check_metric_name(name): to_number(name, value) for name, value in values.items()}
    bad = [name for name, number in numbers.items() if not math.isfinite(number)]
    if bad and not allow_missing:
        listed = ", ".join(f"{name} = {numbers[name]}" for name in bad)
        message = f"Not finite: {listed}. Leave such metrics out, or pass allow_missing=True to have them left out."
        raise NonFiniteMetricError(message)
    return {name: number for name, number in numbers.items() if name not in bad}, bad


def flatten(values: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings: ``{"model": {"depth": 6}}`` becomes ``{"model.depth": 6}``.

    Raises:
        TrackingError: Two paths give the same key, or a dictionary holds itself.
    """
    flat: dict[str, Any] = {}
    if prefix.count(".") > MAX_DEPTH:
        message = f"Dictionaries are nested more than {MAX_DEPTH} deep, or one holds itself: {prefix[:60]}..."
        raise TrackingError(message)
    for key, value in values.items():
        name = f"{prefix}{key}"
        content = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        inner = flatten(content, prefix=f"{name}.") if isinstance(content, Mapping) and content else {name: content}
        clash = flat.keys() & inner.keys()
        if clash:
            message = f"Two parameters have the key {min(clash)!r} once nested dictionaries are flattened."
            raise TrackingError(message)
        flat.update(inner)
    return flat


def plain(value: AnyValue) -> AnyValue:
    """Return `value` as JSON types: numbers, text, lists, mappings; other objects as their text.

    Non-finite numbers become None, because JSON has none.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Enum):
        return plain(value.value)
    if hasattr(value, "tolist"):  # numpy arrays and scalars, pandas Series and Index
        return plain(value.tolist())
    return _plain_object(value)


def _plain_object(value: AnyValue) -> AnyValue:
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (Sequence, set, frozenset)):
        return [plain(inner) for inner in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _simple(value: AnyValue) -> AnyValue:
    try:
        return plain(value)
    except RecursionError:
        message = f"This {type(value).__name__} is nested too deeply, or holds itself."
        raise TrackingError(message) from None


def to_json(content: AnyValue) -> str:
    """Return `content` as indented JSON text with a final newline, secrets masked; keys keep their order.

    Raises:
        TrackingError: It is nested too deeply, or holds itself.
    """
    return json.dumps(without_secrets(_simple(content)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_text(value: AnyValue) -> str:
    """Return a parameter or tag value as text: text as it is, collections as JSON; secrets masked."""
    if isinstance(value, str):
        return mask_secrets(value)
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    simple = without_secrets(_simple(value))
    return simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)
