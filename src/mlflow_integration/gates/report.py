"""What all gates together say of one model."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.gates.gate import NamedGate, Verdict
from mlflow_integration.values.markdown import markdown_table
from mlflow_integration.values.show import html_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from mlflow_integration.gates.gate import AnyGate, GateResult
    from mlflow_integration.values.types import AnyValue


PLAUSIBLE: Final = NamedGate("plausible")
"""Part of every report: see `mlflow_integration.gates.honesty`."""


@dataclass(frozen=True)
class GateReport:
    """What all gates say of one model; truthy when every gate passes.

    Attributes:
        results: One per gate.
        profile: Name of the profile, ``custom`` for criteria given by hand.
        model_name: The model, where known.
        version: Its version, where known.
        market: Its market, where known.
        definition: The whole profile as it was then, gates of all markets included; empty where it was not given.
    """

    results: tuple[GateResult, ...]
    profile: str = "custom"
    model_name: str = ""
    version: int | None = None
    market: str | None = None
    definition: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """``suspicious`` if any gate says so, else ``fail``, else ``insufficient evidence``, else ``pass``."""
        verdicts = {result.verdict for result in self.results}
        for worst in (Verdict.SUSPICIOUS, Verdict.FAIL, Verdict.INSUFFICIENT):
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
        """One line: the verdict, and which gates do not pass."""
        if not self.results:
            return "fail: there is no gate to pass"
        if self.passed:
            return f"pass: all {len(self.results)} gates of profile {self.profile}"
        return f"{self.verdict.value}: {'; '.join(result.reason or result.gate.key for result in self.failures)}"

    def frame(self) -> pd.DataFrame:
        """One row per gate: metric, bound, value, comparison, threshold, verdict, reason."""
        import pandas as pd

        columns = ["metric", "bound", "value", "comparison", "threshold", "verdict", "reason"]
        return pd.DataFrame([result.as_row() for result in self.results], columns=columns)

    def markdown(self) -> str:
        """The verdict and a table with one row per gate: for notes and ``gate_report_<profile>.md``."""
        rows = [
            (row["metric"], row["value"], _condition(row), row["verdict"], row["reason"])
            for row in (result.as_row() for result in self.results)
        ]
        said = f"**{self.verdict.value}**, profile {self.profile}."
        return f"{said}\n\n{markdown_table(('gate', 'value', 'wanted', 'verdict', 'why'), rows)}"

    def _repr_html_(self) -> str:
        """The report in a notebook."""
        of = f"{self.model_name} version {self.version}, " if self.model_name else ""
        about = f"<b>{escape(of)}profile {escape(self.profile)}</b>"
        return f"<p>{about}<br>{escape(self.summary)}</p>{html_table(self.frame())}"

    def as_dict(self) -> dict[str, Any]:
        """Content of ``gate_report.json``."""
        return {
            "model_name": self.model_name,
            "version": self.version,
            "market": self.market,
            "profile": self.profile,
            "profile_definition": dict(self.definition),
            "verdict": self.verdict.value,
            "gates": [result.as_row() for result in self.results],
        }


def _condition(row: Mapping[str, Any]) -> str | None:
    """The condition of a gate in words; None for a function."""
    if row["comparison"] is None:
        return None
    bound = "" if row["bound"] == "point" else f"{row['bound']} bound "
    return f"{bound}{row['comparison']} {row['threshold']:g}"


def check_gates(metrics: Mapping[str, float], gates: Iterable[AnyGate], **about: AnyValue) -> GateReport:
    """Judge recorded `metrics` by `gates` and by ``plausible``; `about` are further fields of the report.

    Whatever the gates are, a model whose numbers cannot be true does not pass them.

    >>> from mlflow_integration.gates.gate import Gate
    >>> check_gates({"val_mae": 3.6}, [Gate("val_mae", "<", 3.5)]).summary
    'fail: val_mae = 3.6, wanted < 3.5'
    """
    wanted = tuple(gates)
    if wanted and PLAUSIBLE not in wanted:  # no gate at all is nothing to pass
        wanted = (PLAUSIBLE, *wanted)
    return GateReport(tuple(gate.check(metrics) for gate in wanted), **about)
