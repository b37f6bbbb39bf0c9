"""The test in Staging: settled nights of a version that is not bet on yet, compared with what its gates saw."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.promotion.records import gates_folder
from mlflow_integration.stages.degradation import DEGRADED, LiveMetric, check_live, days_of, with_tolerance
from mlflow_integration.stages.requirements import PASS
from mlflow_integration.stages.rules import Stage, moment
from nba_props.errors import PromotionError

if TYPE_CHECKING:
    import pandas as pd

    from mlflow_integration.promotion.records import Files
    from mlflow_integration.stages.degradation import DegradationReport
    from mlflow_integration.stages.records import RegistryStore, VersionState

STAGING_REPLAY: Final = "staging_replay.csv"
"""Artifact of a run: the settled rows of its last nights, which its gates have not seen."""
_TOLERANCE: Final = 0.05


@dataclass(frozen=True)
class StagingReport:
    """What the settled nights of a version in Staging say; truthy when it passes.

    Attributes:
        source: Where the nights come from: shadow cards, or a replay of nights kept out of the gates.
        wanted: Nights asked for.
        metrics: Each metric against what the gates saw, with its interval over nights.
    """

    model_name: str
    version: int
    source: str
    nights: int
    wanted: int
    first: str
    last: str
    metrics: tuple[LiveMetric, ...]

    @property
    def verdict(self) -> str:
        """``fail`` if a metric has degraded, else ``insufficient evidence`` under the nights wanted, else ``pass``."""
        if any(entry.verdict == DEGRADED for entry in self.metrics):
            return "fail"
        return PASS if self.nights >= self.wanted else "insufficient evidence"

    def __bool__(self) -> bool:
        """Whether it passes."""
        return self.verdict == PASS

    @property
    def summary(self) -> str:
        """One line for people."""
        worse = [f"{e.metric} {e.live:.4g} against {e.reference:.4g}" for e in self.metrics if e.verdict == DEGRADED]
        found = f"degraded: {'; '.join(worse)}" if worse else "no metric degraded"
        return f"{self.verdict}: {self.nights} of {self.wanted} nights ({self.source}), {found}"

    def as_dict(self) -> dict[str, Any]:
        """Content of ``staging_report.json``."""
        rows = [_finite(asdict(entry)) for entry in self.metrics]
        return {**asdict(self), "metrics": rows, "verdict": self.verdict, "summary": self.summary}

    def markdown(self) -> str:
        """The report as a Markdown document."""
        lines = [
            f"# {self.model_name} version {self.version} in Staging",
            "",
            f"**{self.verdict}**: {self.nights} settled nights of {self.wanted} asked for, {self.first} to {self.last}."
            f" Source: {self.source}.",
            "",
            *metric_lines(self.metrics),
        ]
        return "\n".join([*lines, ""])


def metric_lines(metrics: tuple[LiveMetric, ...]) -> list[str]:
    """Return live metrics against their references as a Markdown table, line by line."""
    lines = ["| metric | live | 95 % interval | reference | nights | verdict |", "|---|---|---|---|---|---|"]
    for entry in metrics:
        interval = "" if math.isnan(entry.low) else f"{entry.low:.4g} to {entry.high:.4g}"
        live = "" if math.isnan(entry.live) else f"{entry.live:.4g}"
        cells = (entry.metric, live, interval, f"{entry.reference:.4g}", str(entry.days), entry.verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}


class StagingTests:
    """Compares settled nights with what the gates of a version saw, and keeps the result."""

    def __init__(self, records: RegistryStore, files: Files) -> None:
        self._records = records
        self._files = files

    def record(self, name: str, version: int, live: pd.DataFrame, *, source: str, nights: int) -> StagingReport:
        """Judge settled nights of the version in Staging; arguments as for `ModelRegistry.record_staging_nights`."""
        record = self._records.refreshed(name).version(version)
        if record.stage is not Stage.STAGING:
            message = f"{name} version {version} is in stage {record.stage}: only a version in Staging is tested there."
            raise PromotionError(message)
        metrics = check_live(live, with_tolerance(self._files.judged_metrics(record), _TOLERANCE))
        days = days_of(live)
        first, last = (f"{day:%Y-%m-%d}" for day in (days.min(), days.max()))
        report = StagingReport(name, version, source, int(days.nunique()), nights, first, last, metrics)
        self._keep(record, report)
        return report

    def replay(self, name: str, version: int, *, nights: int) -> StagingReport | None:
        """Replay the test on the nights that the version's run kept out of the gates; None where it kept none."""
        record = self._records.state(name).version(version)
        if STAGING_REPLAY not in self._files.names(record.run_id):
            return None
        live = self._files.table(record.run_id, STAGING_REPLAY)
        return self.record(name, version, live, source="replay of nights kept out of the gates", nights=nights)

    def _keep(self, record: VersionState, report: StagingReport) -> None:
        place = f"{gates_folder(report.model_name, report.version)}/staging_report"
        self._files.keep(record, {f"{place}.json": report.as_dict(), f"{place}.md": report.markdown()})
        tags = {
            "staging_nights": report.nights,
            "staging_source": report.source,
            "staging_window": f"{report.first} to {report.last}",
            "staging_summary": report.summary,
            "staging_checked_at": moment(),
            "staging_verdict": report.verdict,
        }
        self._records.tag_version(report.model_name, report.version, tags)


def keep_degradation(records: RegistryStore, files: Files, report: DegradationReport) -> None:
    """Keep what live results said of a version: files of its run, one per day, and tags of the version."""
    record = records.state(report.model_name).version(report.version)
    checked = moment()
    place = f"{gates_folder(report.model_name, report.version)}/degradation_{checked[:10]}"
    rows = [_finite(asdict(entry)) for entry in report.metrics]
    verdict = "degraded" if report.degraded else report.summary.split(":", 1)[0]
    content = {**asdict(report), "metrics": rows, "summary": report.summary, "checked_at": checked}
    lines = [f"# {report.model_name} version {report.version} in use", "", f"**{report.summary}**", ""]
    against = f"Held against its {report.against}; {report.confidence:.0%} confidence over all metrics."
    text = "\n".join([*lines, against, "", *metric_lines(report.metrics), ""])
    files.keep(record, {f"{place}.json": content, f"{place}.md": text})
    tags = {"degradation": verdict, "degradation_summary": report.summary, "degradation_checked_at": checked}
    records.tag_version(report.model_name, report.version, tags)
