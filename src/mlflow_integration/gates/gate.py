"""Production gates: what a model's recorded metrics must show before it may be used.

A gate has four answers. *Pass* and *fail* are what they say; *insufficient evidence* means that the data are too few
to tell (too few bets, or a confidence interval that holds the threshold); *suspicious*, that a number is too good to be
true. Only *pass* opens the gate. A metric that is
missing or NaN fails its gate by name: what was not measured was not met.

A gate is a threshold on a metric (`Gate`), or a function of all metrics that is registered under a name in `GATES`
(`NamedGate`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from nba_props.errors import ConfigError
from nba_props.plugins import Registry

if TYPE_CHECKING:
    from collections.abc import Callable


_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Bound = Literal["point", "lower", "upper"]
_ENDINGS: Final[dict[Bound, str]] = {"point": "", "lower": "_ci_low", "upper": "_ci_high"}


class Verdict(StrEnum):
    """What a gate, or all of them together, says."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INSUFFICIENT = "insufficient evidence"
    SUSPICIOUS = "suspicious"


class Answer(NamedTuple):
    """What the function behind a `NamedGate` says; a plain tuple of the same parts will do.

    Attributes:
        reason: Why it does not pass, or why the gate does not apply; else empty.
        value: The number it looked at, for the report.
    """

    verdict: Verdict
    reason: str = ""
    value: float | None = None


GATES: Final = Registry["Callable[[Mapping[str, float]], Answer]"]("gate", home=("mlflow_integration.gates.honesty",))
"""Gates that are functions: from the recorded metrics to an `Answer`."""


@dataclass(frozen=True)
class Gate:
    """One condition on one metric.

    Attributes:
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
        if self.bound not in _ENDINGS:
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
        return f"{self.metric}{_ENDINGS[self.bound]}"

    def holds(self, value: float) -> bool:
        """Whether `value` meets the condition."""
        return _COMPARE[self.comparison](value, self.threshold)

    def check(self, metrics: Mapping[str, float]) -> GateResult:
        """Judge the recorded `metrics`.

        >>> Gate("roi", ">", 0.0, "lower").check({"roi_ci_low": -0.01, "roi_ci_high": 0.07}).verdict.value
        'insufficient evidence'
        """
        value = metrics.get(self.key)
        if value is None or not math.isfinite(value):
            state = "missing" if value is None else "not finite"
            return GateResult(self, value, Verdict.FAIL, f"{self.key} is {state}")
        if self.holds(value):
            return GateResult(self, value, Verdict.PASS, "")
        text = f"{self.key} = {value:.6g}, wanted {self.comparison} {self.threshold:g}"
        if self.metric.startswith("n_") and self.comparison in (">", ">="):
            return GateResult(self, value, Verdict.INSUFFICIENT, f"{text}: too few to tell")
        opposite = {"lower": "_ci_high", "upper": "_ci_low"}
        other = metrics.get(f"{self.metric}{opposite[self.bound]}") if self.bound in opposite else None
        if other is not None and math.isfinite(other) and self.holds(other):
            return GateResult(
                self, value, Verdict.INSUFFICIENT, f"{text}: the interval to {other:.6g} holds the threshold"
            )
        return GateResult(self, value, Verdict.FAIL, text)


@dataclass(frozen=True)
class NamedGate:
    """A gate of `GATES`, by its name.

    Attributes:
        name: Key of `GATES`; an unknown one is refused.
    """

    name: str

    def __post_init__(self) -> None:
        """Refuse a gate that does not exist.

        Raises:
            ConfigError: There is none of this name; names the known ones.
        """
        GATES[self.name]

    @property
    def key(self) -> str:
        """What stands for the gate in lists of what did not pass."""
        return self.name

    def check(self, metrics: Mapping[str, float]) -> GateResult:
        """Judge the recorded `metrics`.

        Raises:
            ConfigError: The function answers with something else than an `Answer`.
        """
        given = GATES[self.name](metrics)
        try:
            answer = Answer(*given)
            verdict = Verdict(answer.verdict)
        except (TypeError, ValueError) as error:
            message = f"Gate {self.name!r} answered {given!r}; a gate returns Answer(verdict, reason, value)."
            raise ConfigError(message) from error
        return GateResult(self, answer.value, verdict, answer.reason)


AnyGate = Gate | NamedGate


@dataclass(frozen=True)
class GateResult:
    """What one gate says.

    Attributes:
        value: The recorded value, None where there is none.
        reason: Why it does not pass, or why the gate does not apply; else empty.
    """

    gate: AnyGate
    value: float | None
    verdict: Verdict
    reason: str

    def as_row(self) -> dict[str, Any]:
        """One row of the report, for JSON: a value that is NaN becomes None, and so does what a named gate lacks."""
        finite = self.value is not None and math.isfinite(self.value)
        named = {"metric": self.gate.key, "bound": "gate", "comparison": None, "threshold": None}
        about = asdict(self.gate) if isinstance(self.gate, Gate) else named
        value = self.value if finite else None
        return {**about, "value": value, "verdict": self.verdict.value, "reason": self.reason}
