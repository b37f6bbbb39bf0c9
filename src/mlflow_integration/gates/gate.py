"""Production gates: what a model's recorded metrics must show before it may be used.

A gate has three answers. *Pass* and *fail* are what they say; *insufficient evidence* means that the data are too few
to tell (too few bets, or a confidence interval that holds the threshold). Only *pass* opens the gate. A metric that is
missing or NaN fails its gate by name: what was not measured was not met.
"""

from __future__ import annotations

import math
import operator
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from mlflow_integration.metric_names import direction
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pandas as pd

    from mlflow_integration.values.types import AnyValue


_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Bound = Literal["point", "lower", "upper"]


class Verdict(StrEnum):
    """What a gate, or all of them together, says."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INSUFFICIENT = "insufficient evidence"


@dataclass(frozen=True)
class Gate:
    """One condition on one metric.

    Attributes:
        metric: Metric key.
        comparison: ``<``, ``<=``, ``>`` or ``>=``; value on the left, threshold on the right.
        threshold: The number compared with.
        bound: ``point`` compares the metric itself; ``lower`` and ``upper`` compare the bound of its 95 % interval,
            which runs record as ``<metric>_ci_low`` and ``<metric>_ci_high``.
    """

    metric: str
    comparison: str
    threshold: float
    bound: Bound = "point"

    def __post_init__(self) -> None:
        """Refuse a gate that could never be judged."""
        if self.comparison not in _COMPARE:
            message = f"Gate {self.metric}: comparison must be one of {', '.join(_COMPARE)}, not {self.comparison!r}."
            raise ConfigError(message)
        if self.bound not in ("point", "lower", "upper"):
            message = f"Gate {self.metric}: bound must be point, lower or upper, not {self.bound!r}."
            raise ConfigError(message)
        if (
            isinstance(self.threshold, bool)
            or not isinstance(self.threshold, Real)
            or not math.isfinite(self.threshold)
        ):
            message = f"Gate {self.metric}: the threshold must be a finite number, not {self.threshold!r}."
            raise ConfigError(message)
        if not isinstance(self.threshold, (int, float)):  # numpy's scalars: reports are written as JSON
            object.__setattr__(self, "threshold", float(self.threshold))

    @property
    def key(self) -> str:
        """Metric key that is read."""
        return {"point": self.metric, "lower": f"{self.metric}_ci_low", "upper": f"{self.metric}_ci_high"}[self.bound]

    @property
    def other_key(self) -> str | None:
        """Key of the opposite bound, where the gate is on a bound."""
        return {"point": None, "lower": f"{self.metric}_ci_high", "upper": f"{self.metric}_ci_low"}[self.bound]

    def holds(self, value: float) -> bool:
        """Whether `value` meets the condition."""
        return _COMPARE[self.comparison](value, self.threshold)

    def check(self, metrics: Mapping[str, float]) -> GateResult:
        """Judge the recorded `metrics`."""
        value = metrics.get(self.key)
        if value is None or not math.isfinite(value):
            state = "missing" if value is None else "not finite"
            return GateResult(self, value, Verdict.FAIL, f"{self.key} is {state}")
        if self.holds(value):
            return GateResult(self, value, Verdict.PASS, "")
        text = f"{self.key} = {value:.6g}, wanted {self.comparison} {self.threshold:g}"
        if self.metric.startswith("n_") and self.comparison in (">", ">="):
            return GateResult(self, value, Verdict.INSUFFICIENT, f"{text}: too few to tell")
        other = metrics.get(self.other_key) if self.other_key else None
        if other is not None and math.isfinite(other) and self.holds(other):
            return GateResult(
                self, value, Verdict.INSUFFICIENT, f"{text}: the interval to {other:.6g} holds the threshold"
            )
        return GateResult(self, value, Verdict.FAIL, text)


@dataclass(frozen=True)
class GateResult:
    """What one gate says.

    Attributes:
        gate: The gate.
        value: The recorded value, None where there is none.
        verdict: Its answer.
        reason: Why it does not pass; empty where it does.
    """

    gate: Gate
    value: float | None
    verdict: Verdict
    reason: str

    def as_row(self) -> dict[str, Any]:
        """One row of the report; a value that is NaN becomes None, for JSON."""
        finite = self.value is not None and math.isfinite(self.value)
        return {
            "metric": self.gate.metric,
            "bound": self.gate.bound,
            "value": self.value if finite else None,
            "comparison": self.gate.comparison,
            "threshold": self.gate.threshold,
            "verdict": self.verdict.value,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class GateReport:
    """What all gates say of one model; true in a condition when every gate passes.

    Attributes:
        results: One per gate.
        profile: Name of the profile, ``custom`` for criteria given by hand.
        model_name: The model, where known.
        version: Its version, where known.
        market: Its market, where known.
    """

    results: tuple[GateResult, ...]
    profile: str = "custom"
    model_name: str = ""
    version: int | None = None
    market: str | None = None

    @property
    def verdict(self) -> Verdict:
        """``fail`` if any gate fails, else ``insufficient evidence`` if any says so, else ``pass``."""
        verdicts = {result.verdict for result in self.results}
        for worst in (Verdict.FAIL, Verdict.INSUFFICIENT):
            if worst in verdicts:
                return worst
        return Verdict.PASS if self.results else Verdict.FAIL

    @property
    def passed(self) -> bool:
        """Whether every gate passes; never true without gates."""
        return self.verdict is Verdict.PASS

    def __bool__(self) -> bool:
        """Whether every gate passes."""
        return self.passed

    @property
    def failures(self) -> tuple[GateResult, ...]:
        """The gates that do not pass."""
        return tuple(result for result in self.results if result.verdict is not Verdict.PASS)

    @property
    def summary(self) -> str:
        """One line: the verdict, and which gates stand against it."""
        if not self.results:
            return "fail: there is no gate to pass"
        if self.passed:
            return f"pass: all {len(self.results)} gates of profile {self.profile}"
        return f"{self.verdict.value}: {'; '.join(result.reason for result in self.failures)}"

    def frame(self) -> pd.DataFrame:
        """One row per gate: metric, bound, value, comparison, threshold, verdict, reason."""
        import pandas as pd

        columns = ["metric", "bound", "value", "comparison", "threshold", "verdict", "reason"]
        return pd.DataFrame([result.as_row() for result in self.results], columns=columns)

    def as_dict(self) -> dict[str, Any]:
        """Content of ``gate_report.json``."""
        return {
            "model_name": self.model_name,
            "version": self.version,
            "market": self.market,
            "profile": self.profile,
            "verdict": self.verdict.value,
            "gates": [result.as_row() for result in self.results],
        }


@dataclass(frozen=True)
class GateProfile:
    """A named set of gates, with exceptions by market.

    Attributes:
        name: Name of the profile.
        gates: The gates.
        markets: Market to gates that replace those of the same metric and bound there, or join them.
    """

    name: str
    gates: tuple[Gate, ...]
    markets: Mapping[str, tuple[Gate, ...]] = field(default_factory=dict)

    def for_market(self, market: str | None) -> tuple[Gate, ...]:
        """Return the gates of `market`: the profile's own, with its exceptions put in."""
        chosen = {(gate.metric, gate.bound): gate for gate in self.gates}
        chosen |= {(gate.metric, gate.bound): gate for gate in self.markets.get(market or "", ())}
        return tuple(chosen.values())


_PLAN: Final = (
    Gate("val_mae", "<", 3.5),
    Gate("roi", ">", 0.05),
    Gate("win_rate", ">", 0.55),
    Gate("calibration_error", "<", 0.05),
    Gate("sharpe_ratio", ">", 1.0),
    Gate("n_bets", ">=", 500),
)
_MARKET: Final = (
    Gate("mae_skill", ">", 0.0),
    Gate("mae_skill_vs_market", ">", -0.02),
    Gate("brier_skill_vs_market", ">", 0.0),
    Gate("roi", ">", 0.0, "lower"),
    Gate("clv", ">", 0.0, "lower"),
)
PROFILES: Final[Mapping[str, GateProfile]] = MappingProxyType(
    {"plan": GateProfile("plan", _PLAN), "market": GateProfile("market", _MARKET)}
)
"""``plan``: absolute thresholds. ``market``: relative to baseline and market, recommended for real money."""

DEFAULT_PRODUCTION_CRITERIA: Final[Mapping[str, Gate]] = MappingProxyType({gate.metric: gate for gate in _PLAN})
"""The gates of ``plan`` by metric: ``{**DEFAULT_PRODUCTION_CRITERIA, "val_mae": 6.5}`` changes one threshold."""


def get_profile(profile: str | GateProfile, profiles: Mapping[str, GateProfile] | None = None) -> GateProfile:
    """Return the profile of this name.

    Raises:
        ConfigError: There is none; names the known ones.
    """
    if isinstance(profile, GateProfile):
        return profile
    known = {**PROFILES, **(profiles or {})}
    if profile not in known:
        message = f"Unknown gate profile {profile!r}; known profiles: {', '.join(known)}."
        raise ConfigError(message)
    return known[profile]


def as_gates(criteria: Mapping[str, Any] | Iterable[Gate]) -> tuple[Gate, ...]:
    """Turn criteria as people write them into gates.

    Args:
        criteria: Gates; or metric to a gate, a threshold, or a (comparison, threshold) pair. A bare threshold keeps the
            comparison of the default gate of that metric; for other metrics the direction of the metric decides.

    Raises:
        ConfigError: An entry can not be understood, or there is none: no gate is nothing to pass.
    """
    gates: list[AnyValue]
    if isinstance(criteria, Mapping):
        gates = [_as_gate(str(metric), value) for metric, value in criteria.items()]
    else:
        gates = list(criteria) if hasattr(criteria, "__iter__") else [criteria]
    wrong = next((type(gate).__name__ for gate in gates if not isinstance(gate, Gate)), None)
    if wrong is not None:
        message = f"Criteria must be gates, or a mapping of metric to threshold; got {wrong}."
        raise ConfigError(message)
    if not gates:
        message = "Criteria must name at least one gate; without any, nothing can pass."
        raise ConfigError(message)
    return tuple(gates)


def _as_gate(metric: str, value: AnyValue) -> Gate:
    if isinstance(value, Gate):
        return value
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return Gate(metric, str(value[0]), value[1])
    if isinstance(value, Mapping):
        unknown = value.keys() - {"comparison", "threshold", "bound"}
        if unknown or "threshold" not in value or "comparison" not in value:
            message = (
                f"Gate {metric}: wanted comparison, threshold and perhaps bound; got {', '.join(map(str, value))}."
            )
            raise ConfigError(message)
        return Gate(metric, value["comparison"], value["threshold"], value.get("bound", "point"))
    default = DEFAULT_PRODUCTION_CRITERIA.get(metric)
    if default is not None:
        return replace(default, threshold=value)
    better = direction(metric)
    if metric.startswith("n_"):
        return Gate(metric, ">=", value)
    if better is None:
        message = f"Gate {metric}: whether more or less is better is not known; give it as (comparison, threshold)."
        raise ConfigError(message)
    return Gate(metric, "<" if better == "min" else ">", value)


def check_gates(metrics: Mapping[str, float], gates: Iterable[Gate], **about: AnyValue) -> GateReport:
    """Judge recorded `metrics` by `gates`; `about` are further fields of the report."""
    return GateReport(tuple(gate.check(metrics) for gate in gates), **about)


def load_profiles(path: Path) -> dict[str, GateProfile]:
    """Read gate profiles from a TOML file.

    The file has one table per profile with a list ``gates`` and, per market, lists under ``markets``::

        [strict]
        gates = [{metric = "roi", comparison = ">", threshold = 0.0, bound = "lower"}]
        [strict.markets]
        pra = [{metric = "val_mae", comparison = "<", threshold = 6.1}]

    Raises:
        ConfigError: The file can not be read or understood; names the place.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"Gate profiles can not be read from {path}: {error}"
        raise ConfigError(message) from error
    profiles = {}
    for name, table in content.items():
        if (
            not isinstance(table, dict)
            or not isinstance(table.get("gates"), list)
            or table.keys() - {"gates", "markets"}
        ):
            message = f"{path}: profile {name!r} needs a list 'gates', and may have a table 'markets', nothing else."
            raise ConfigError(message)
        markets = {market: _gate_list(path, name, rows) for market, rows in table.get("markets", {}).items()}
        profiles[name] = GateProfile(name, _gate_list(path, name, table["gates"]), markets)
    return profiles


def _gate_list(path: Path, profile: str, rows: AnyValue) -> tuple[Gate, ...]:
    gates = []
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or "metric" not in row:
            message = f"{path}: profile {profile!r} has a gate without a metric: {row!r}."
            raise ConfigError(message)
        gates.append(_as_gate(str(row["metric"]), {key: value for key, value in row.items() if key != "metric"}))
    return tuple(gates)
