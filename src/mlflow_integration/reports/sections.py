"""The content of a report, gathered once; the writers of Markdown and HTML only lay it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from mlflow_integration.phases import PHASES
from mlflow_integration.reading.luck import deflated_best
from mlflow_integration.reading.reader import Reader, by_market, market_of, metric_of, outcomes, values_of
from mlflow_integration.reading.search import differing
from mlflow_integration.stages.outside import how, standing
from mlflow_integration.stages.records import RegistryStore
from mlflow_integration.values.arguments import at_least
from mlflow_integration.values.show import number
from nba_props.metrics import direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlflow.entities import Run


RANKED: Final = ("val_mae", "mae_skill", "roi", "brier_skill_vs_market", "sharpe_ratio")
CALIBRATION: Final = (
    "n_props",
    "calibration_error",
    "calibration_error_null",
    "brier_score",
    "market_brier_score",
    "brier_skill_vs_market",
)
BETTING: Final = ("n_bets", "profit", "turnover", "roi", "sharpe_ratio", "max_drawdown", "bankroll_growth")


@dataclass(frozen=True)
class TableData:
    """A table to lay out: column names and rows of plain values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Attributes:
        text: Text above the table.
        table: The table, if there is one.
        images: Caption and PNG bytes of each plot.
        points: Sentences below the text, as a list.
    """

    title: str
    text: str = ""
    table: TableData | None = None
    images: tuple[tuple[str, bytes], ...] = ()
    points: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it has nothing to read."""
        return not self.text and not self.points and not self.images and (self.table is None or not self.table.rows)


@dataclass(frozen=True)
class ReportData:
    """A whole report.

    Attributes:
        subtitle: Store, time and scope.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...] = field(default_factory=tuple)


def since_when(days: float, now: datetime | None = None) -> datetime:
    """Return the time `days` days before `now` (UTC where it names no time zone)."""
    at_least("days", days, 0)
    present = now or datetime.now(UTC)
    try:
        return (present if present.tzinfo else present.replace(tzinfo=UTC)) - timedelta(days=days)
    except OverflowError:  # further back than dates reach: everything
        return datetime.min.replace(tzinfo=UTC)


def started(run: Run) -> datetime:
    """Return when a run was started, UTC."""
    return datetime.fromtimestamp(run.info.start_time / 1000, UTC)


def gather(
    experiments: Sequence[str] | str | None = None,
    *,
    tracking_uri: str | Path | None = None,
    days: float = 7.0,
    now: datetime | None = None,
    images: bool = True,
) -> ReportData:
    """Read the content of a report: one search over the runs, one of the registry, the plots of the best runs.

    "What changed" looks `days` days back from `now`.
    """
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    runs = reader.runs(names)
    finished = [run for run in runs if run.info.status == "FINISHED"]
    present = now or datetime.now(UTC)
    champions = _champions(finished)
    records = RegistryStore(reader.store, reader.client)
    changes = changes_section(finished, records, since_when(days, present), days)
    sections = [
        summary_section(finished, changes, records),
        answers_section(finished),
        _phases_section(runs, names),
        _best_section(finished),
        _numbers_section("Calibration of the best run of each market", champions, CALIBRATION),
        _numbers_section("Bets of the best run of each market", champions, BETTING),
        _segments_section(champions),
        _differences_section(champions),
        models_section(records),
        compared(changes),
    ]
    if images:
        sections.append(_plots_section(reader, champions))
    listed = ", ".join(names.values()) or "no experiment"
    simulated = sum(run.data.tags.get("data_kind", "").lower() == "simulated" for run in runs)
    warning = f" SIMULATED data in {simulated:,} of them." if simulated else ""
    subtitle = f"{reader.store.label}, {present:%Y-%m-%d %H:%M} UTC. {len(runs):,} runs in {listed}.{warning}"
    return ReportData(
        "Experiment report",
        subtitle,
        tuple(section for section in sections if section is not None and not section.is_empty),
    )


def answers_section(runs: Iterable[Run]) -> Section:
    """Return market, recipe, answer and first characters of the id of every run that had a question to answer."""
    rows = [
        (market_of(run), run.data.tags.get("recipe"), run.data.tags["answer"], run.info.run_id[:8])
        for run in runs
        if "answer" in run.data.tags
    ]
    columns = ("market", "recipe", "answer", "run")
    return Section("Answers of the studies", table=TableData(columns, tuple(rows)))


def summary_section(finished: Sequence[Run], changes: Section, records: RegistryStore) -> Section:
    """Return what changed, what is best and what passed, a sentence each."""
    best = [
        f"{_named(market)} {metric_of(run, 'val_mae'):.4g} (run {run.info.run_id[:8]})"
        for market, run in _champions(finished).items()
    ]
    passed = [
        f"{name} version {version.version} ({version.stage})"
        for name in records.names()
        for version in records.state(name).versions.values()
        if version.tags.get("gate_verdict") == "pass"
    ]
    rows = changes.table.rows if changes.table else ()
    better = [f"{_named(row[0])} {row[1]}" for row in rows if row[-1] == "better"]
    first = [_named(market) for market in sorted({str(row[0]) for row in rows if row[-1] == "first"})]
    none = f"First results in {', '.join(first)}." if first else "No best has improved."
    parts = (
        changes.text,
        f"Changes of stage: {len(changes.points)}." if changes.points else "No change of stage.",
        f"Better than before: {', '.join(better)}." if better else none,
        f"Least mean absolute error: {', '.join(best)}." if best else "No run has an error yet.",
        f"Passed its gates: {', '.join(passed)}." if passed else "No version has passed its gates.",
    )
    return Section("In short", points=parts)


def _named(market: object) -> str:
    return "no market" if market in ("–", None) else str(market)


def compared(changes: Section) -> Section:
    """Return the section without its table if there is nothing to compare with."""
    rows = changes.table.rows if changes.table else ()
    return changes if any(row[-1] != "first" for row in rows) else replace(changes, table=None)


def _differences_section(champions: dict[str, Run]) -> Section | None:
    """The settings in which the best runs of the markets differ from each other."""
    params = {market: run.data.params for market, run in champions.items() if run.data.params}
    names = [name for name in differing(params) if name != "market"]
    if not names:
        return None
    rows = tuple((name, *(each.get(name) for each in params.values())) for name in names)
    return Section("Settings that differ between the best runs", table=TableData(("setting", *params), rows))


def _champions(runs: Iterable[Run]) -> dict[str, Run]:
    """Best run of each market by out-of-sample MAE."""
    best: dict[str, Run] = {}
    for run in runs:
        value = metric_of(run, "val_mae")
        if value is None:
            continue
        held = best.get(market_of(run))
        if held is None or value < held.data.metrics["val_mae"]:
            best[market_of(run)] = run
    return dict(sorted(best.items()))


def _phases_section(runs: Sequence[Run], names: dict[str, str]) -> Section:
    rows = []
    order = sorted(names.items(), key=lambda pair: PHASES[pair[1]].number if pair[1] in PHASES else 99)
    for experiment_id, name in order:
        mine = [run for run in runs if str(run.info.experiment_id) == experiment_id]
        if not mine and name not in PHASES:
            continue
        markets = sorted({market_of(run) for run in mine} - {"–"})
        latest = max((started(run) for run in mine), default=None)
        day = f"{latest:%Y-%m-%d}" if latest else None
        rows.append((name, *outcomes(mine).values(), ", ".join(markets) or None, day))
    columns = ("experiment", "runs", "finished", "failed", "markets", "latest")
    return Section("Phases", table=TableData(columns, tuple(rows)))


BEST: Final = ("market", "metric", "best", "95 % interval", "runs tried", "deflated", "run", "run id")


def best_rows(runs: Iterable[Run]) -> list[tuple[str, str, float, str | None, int, float | None, str, str]]:
    """Return the columns `BEST` by market and metric; the interval is the best run's alone."""
    rows = []
    for market, mine in by_market(runs).items():
        for metric in RANKED:
            known = [run for run in mine if metric_of(run, metric) is not None]
            if not known:
                continue
            best, deflated = deflated_best([run.data.metrics[metric] for run in known], metric)
            holder = next(run for run in known if run.data.metrics[metric] == best)
            interval = _interval(holder.data.metrics, metric)
            named = (holder.info.run_name, holder.info.run_id[:8])
            rows.append((market, metric, best, interval, len(known), deflated, *named))
    return rows


def _best_section(runs: Sequence[Run]) -> Section:
    rows = best_rows(runs)
    text = (
        "Each best is the best of so many runs. The deflated figure takes off what choosing among that many would gain "
        "by luck alone, if the runs differed by chance only."
    )
    return Section(
        "Best runs",
        text if rows else "No finished run has a ranked metric yet.",
        table=TableData(BEST, tuple(rows)),
    )


def _numbers_section(title: str, champions: dict[str, Run], metrics: Sequence[str]) -> Section | None:
    """Numbers of the best runs, each with its interval where there is one."""
    present = [name for name in metrics if any(name in run.data.metrics for run in champions.values())]
    if not present:
        return None
    rows = tuple(
        (market, run.info.run_id[:8], *(_with_interval(run.data.metrics, name) for name in present))
        for market, run in champions.items()
        if any(name in run.data.metrics for name in present)
    )
    return Section(title, table=TableData(("market", "run", *present), rows))


def _with_interval(metrics: Mapping[str, float], name: str) -> float | str | None:
    value, interval = metrics.get(name), _interval(metrics, name)
    return value if value is None or interval is None else f"{number(value)} {interval}"


def _interval(metrics: Mapping[str, float], name: str) -> str | None:
    low, high = metrics.get(f"{name}_ci_low"), metrics.get(f"{name}_ci_high")
    return None if low is None or high is None else f"[{number(low)}, {number(high)}]"


def _segments_section(champions: dict[str, Run]) -> Section | None:
    """A row per segment, a column per market."""
    segments = {
        market: {name: told for name in run.data.metrics if (told := _counted(name, run.data.metrics))}
        for market, run in champions.items()
    }
    found = {market: told for market, told in segments.items() if told}
    names = sorted({name for told in found.values() for name in told})
    if not names:
        return None
    rows = tuple(
        (name.partition("_")[2], name.partition("_")[0], *(told.get(name) for told in found.values())) for name in names
    )
    return Section(
        "Segments of the best run of each market",
        "Behind each value, in brackets, the rows or bets that it is of.",
        TableData(("segment", "metric", *found), rows),
    )


def _counted(name: str, metrics: Mapping[str, float]) -> str | None:
    """The value of a segment with its number of rows; None for any other metric."""
    base, _, segment = name.partition("_")
    rows = metrics.get(f"n_{segment}")
    if base not in ("mae", "roi") or rows is None or name not in metrics or direction(name) is None:
        return None
    return f"{metrics[name]:.4g} ({rows:,.0f})"


def models_section(store: RegistryStore) -> Section:
    """Return every version with its stage, what the gates said, and how it got there."""
    rows = []
    for name in store.names():
        state = store.state(name)
        history = state.history
        for version in state.versions.values():
            tags = version.tags
            rows.append(
                (
                    name,
                    version.version,
                    version.stage.value,
                    tags.get("market"),
                    tags.get("gate_profile"),
                    tags.get("gate_verdict"),
                    tags.get("gate_failed"),
                    how(standing(history, version.version, version.stage)) or None,
                )
            )
    columns = ("model", "version", "stage", "market", "gate profile", "verdict", "gates not passed", "how")
    return Section("Models and gates", "" if rows else "No model is registered.", table=TableData(columns, tuple(rows)))


def best_before_and_now(
    old: list[float], new: list[float], metric: str
) -> tuple[float | None, float, float, Literal["first", "better", "no better"]]:
    """Return the best of `old` (None where it is empty), of `new`, and of both, and what changed."""
    pick = min if direction(metric) == "min" else max
    before, best = (pick(old) if old else None), pick(old + new)
    change: Literal["first", "better", "no better"]
    change = "first" if before is None else "better" if best != before else "no better"
    return before, pick(new), best, change


def changes_section(runs: Sequence[Run], store: RegistryStore, since: datetime, days: float) -> Section:
    """Return which bests improved since then, and which versions moved."""
    fresh = [run for run in runs if started(run) >= since]
    older = by_market(run for run in runs if started(run) < since)
    rows: list[tuple[Any, ...]] = []
    for market, mine in by_market(fresh).items():
        for metric in RANKED:
            new, old = values_of(mine, metric), values_of(older.get(market, ()), metric)
            if not new:
                continue
            before, _, after, changed = best_before_and_now(old, new, metric)
            rows.append((market, metric, before, after, changed))
    moves = [
        f"{name} version {entry.version}: {entry.from_stage} to {entry.to_stage} ({how(entry) or 'no reason given'})"
        for name in store.names()
        for entry in store.head(name).history
        if entry.status == "found" or (entry.status == "done" and datetime.fromisoformat(entry.at) >= since)
    ]
    text = f"{len(fresh):,} finished runs in the last {days:g} days."
    columns = ("market", "metric", "best before", "best now", "change")
    table = TableData(columns, tuple(rows))
    return Section(f"What changed in the last {days:g} days", text, table, points=tuple(moves))


def _plots_section(reader: Reader, champions: dict[str, Run]) -> Section | None:
    from mlflow_integration.reading.artifacts import run_images
    from nba_props.plots import caption_of

    found = [
        (f"{market}: {caption_of(name)}", content)
        for market, run in champions.items()
        for name, content in run_images(reader, run.info.run_id)
    ]
    return Section("Plots of the best run of each market", images=tuple(found)) if found else None
