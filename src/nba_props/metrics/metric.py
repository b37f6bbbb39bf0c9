"""What a metric is, the registry of all of them, and what the registry says of a key."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from nba_props.errors import TrackingError
from nba_props.plugins import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

Direction = Literal["min", "max"]

_PLACEHOLDERS: Final = {
    "<season>": r"\d{4}(?:_\d{2})?",
    "<metric>": r"(?P<metric>.+)",
    "<folder>": r"[a-z0-9_./]+",
}
_NAME: Final = "[a-z0-9_.]+"


_KEY: Final = re.compile(r"[a-z0-9_.]+(/[a-z0-9_.]+)*")
_LONGEST: Final = 250


def check_metric_name(name: str) -> str:
    """Return `name` if it can be a metric key.

    >>> check_metric_name("fold/val_mae")
    'fold/val_mae'

    Raises:
        TrackingError: It is not of the form ``[a-z0-9_.]+`` with ``/`` between groups, or longer than 250 characters.
    """
    if not isinstance(name, str) or not _KEY.fullmatch(name) or len(name) > _LONGEST or set(name) <= {"."}:
        message = (
            f"{name!r} cannot be a metric name: use lower-case letters, digits, '_' and '.', and '/' between groups "
            f"(mae_tier1_stars, fold/val_mae), at most {_LONGEST} characters.{_lower_case_hint(name)}"
        )
        raise TrackingError(message)
    return name


def _lower_case_hint(name: object) -> str:
    """The right name, where nothing but capitals and spaces are wrong with it."""
    small = re.sub(r"[\s-]+", "_", name.strip().lower()) if isinstance(name, str) else ""
    return f" Did you mean {small!r}?" if small != name and _KEY.fullmatch(small) else ""


@dataclass(frozen=True)
class Metric:
    """One metric, or one family of them.

    Attributes:
        key: MLflow key; of a family a pattern with placeholders: ``mae_<season>``, ``kelly_<metric>``. ``<metric>``
            stands for a metric that is in the table itself.
        meaning: What the number is; one sentence, in Markdown.
        direction: Whether less (``min``) or more (``max``) is better; None where neither is; ``same`` for a family over
            ``<metric>`` whose members have the direction of that metric.
        unit: ``stat`` (points, rebounds, ...), ``share``, ``units`` (of stake), ``count``, ``seconds``,
            ``minutes``, ``hours``, ``probability``, ``ratio``, ``score``; ``same`` as for the direction.
        group: Heading it stands under, in documents and charts.
        prefix: Stage prefix of the key, ``train`` or ``val``; "" for a metric that never takes one; None for one that
            takes the prefix of the call that logs it.
        headline: Whether comparisons show it without being asked.
        folder: Group of the UI under which a run keeps it: ``segment`` for ``segment/mae_home``; "" for one that stands
            at the top, by its plain name. Readers of this project name it plainly everywhere (`plain_key`).
        compute: For a metric that is added from outside: called with the out-of-sample predictions and the ledger of
            flat stakes (docs/contract.md), gives the number, or None where it cannot be computed.
    """

    key: str
    meaning: str
    direction: Direction | Literal["same"] | None = None
    unit: str = "share"
    group: str = "Your own"
    prefix: str | None = None
    headline: bool = False
    folder: str = ""
    compute: Callable[[pd.DataFrame, pd.DataFrame], float | None] | None = None

    @property
    def is_family(self) -> bool:
        """Whether the key is a pattern."""
        return "<" in self.key

    def base_of(self, key: str) -> str | None:
        """The key that `key` is this family's member of; "" where it belongs to none; None where it is not a member.

        >>> Metric("kelly_<metric>", "with Kelly stakes", direction="same").base_of("kelly_roi")
        'roi'
        >>> Metric("mae_<season>", "of a season").base_of("mae_2021_22")
        ''
        >>> Metric("mae_<season>", "of a season").base_of("mae_home") is None
        True
        """
        parts = re.split(r"(<\w+>)", self.key)
        pattern = "".join(_PLACEHOLDERS.get(part, _NAME) if part[:1] == "<" else re.escape(part) for part in parts)
        found = re.fullmatch(pattern, key)
        return None if found is None else found.groupdict().get("metric", "")


METRICS: Final = Registry[Metric]("metric", home=("nba_props.metrics.table",))
"""Every metric that is logged, by key or pattern; where several patterns fit a key, the first one counts."""


def add_metric(metric: Metric) -> Metric:
    """Add a metric of your own to the table.

    Raises:
        TrackingError: The key cannot be a metric key.
        ConfigError: The key is taken.
    """
    len(METRICS)  # the built-in metrics are there first, whatever is imported first
    check_metric_name(re.sub(r"<\w+>", "x", metric.key))
    return METRICS.add(metric.key, metric)


def find_metric(key: str) -> Metric | None:
    """The entry of the table that `key` belongs to; None where it is in none.

    >>> find_metric("roi").unit
    'share'
    >>> find_metric("mae_2021_22").key
    'mae_<season>'
    """
    return _entry(key)[0]


def direction(key: str) -> Direction | None:
    """Whether less (``min``) or more (``max``) of a metric is better; None where neither is, or it is not known.

    >>> direction("val_mae"), direction("roi_ci_low"), direction("oracle_mae"), direction("shoe_size")
    ('min', 'max', None, None)
    """
    entry, base = _entry(key)
    if entry is None:
        return None
    return direction(base) if entry.direction == "same" else entry.direction


def resolve_direction(key: str, mode: str | None = None) -> Direction:
    """The direction of a metric, or the caller's own.

    >>> resolve_direction("roi"), resolve_direction("shoe_size", "min")
    ('max', 'min')

    Args:
        key: Metric key.
        mode: ``"min"`` or ``"max"``; None takes it from the table of metrics.

    Raises:
        TrackingError: The table gives no direction and no mode is given, or the mode is neither of the two.
    """
    if mode in ("min", "max"):
        return "min" if mode == "min" else "max"
    if mode is not None:
        message = f"mode must be 'min' or 'max', not {mode!r}."
        raise TrackingError(message)
    known = direction(key)
    if known is None:
        unknown = find_metric(key) is None
        why = f"is not in the table of metrics{metric_hint(key)}" if unknown else "has no better side"
        message = f"Metric {key!r} {why} (docs/metrics.md): pass mode='min' or mode='max'."
        raise TrackingError(message)
    return known


def metric_hint(name: str) -> str:
    """``" (did you mean 'val_mae'?)"`` with the out-of-sample twin of a bare name, or the nearest metric.

    >>> metric_hint("mae"), metric_hint("val_mea"), metric_hint("shoe")
    (" (did you mean 'val_mae'?)", " (did you mean 'val_mae'?)", '')
    """
    if f"val_{name}" in METRICS:
        return f" (did you mean 'val_{name}'?)"
    near = difflib.get_close_matches(name, [key for key in METRICS if "<" not in key], n=1, cutoff=0.7)
    return f" (did you mean {near[0]!r}?)" if near else ""


def headline_metrics() -> tuple[str, ...]:
    """Keys that comparisons show by default, in the order of the table."""
    return tuple(key for key, metric in METRICS.items() if metric.headline)


def _entry(key: str) -> tuple[Metric | None, str]:
    """The entry of a key, and the key of the metric that it is derived from ("" for none)."""
    entries = dict(METRICS.items())
    if key in entries:
        return entries[key], ""
    for entry in entries.values():
        base = entry.base_of(key) if entry.is_family else None
        if base is not None and (not base or _entry(base)[0] is not None):
            return entry, base
    return None, ""
