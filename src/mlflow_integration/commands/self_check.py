"""Does tracking work here? Each check is a sentence that holds or fails with a reason."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.store.location import old_file_store, old_store_message, resolve_store
from nba_props.errors import NBAPropsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_integration.promotion.model_registry import ModelRegistry
    from mlflow_integration.store.location import Store
    from mlflow_integration.tracker import NBAPropsTracker


EXPERIMENT: Final = "tracking_self_check"
MODEL: Final = "TrackingSelfCheck"


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Attributes:
        name: What was checked, as a sentence.
        passed: Whether it holds.
        detail: What was found, or why it does not hold.
        seconds: How long it took.
    """

    name: str
    passed: bool
    detail: str
    seconds: float

    def __str__(self) -> str:
        """One line for people."""
        detail = f": {self.detail}" if self.detail else ""
        return f"{'pass' if self.passed else 'FAIL'}  {self.name} ({self.seconds:.1f} s){detail}"

    def as_row(self) -> dict[str, Any]:
        """The result as plain values."""
        return asdict(self)


def expect(condition: object, otherwise: str) -> None:
    """Fail the check, with this reason, unless the condition holds."""
    if not condition:
        raise _CheckFailedError(otherwise)


class _CheckFailedError(NBAPropsError):
    """A check did not find what it should."""


def run_check(name: str, check: Callable[[], str | None]) -> CheckResult:
    """Run one check; what the user can fix, and what the system refuses, is its failure."""
    start = time.perf_counter()
    try:
        detail = check() or ""
    except (NBAPropsError, OSError, ImportError) as error:
        return CheckResult(name, passed=False, detail=str(error), seconds=time.perf_counter() - start)
    return CheckResult(name, passed=True, detail=detail, seconds=time.perf_counter() - start)


def run_checks(tracking_uri: str | Path | None = None) -> Iterator[CheckResult]:
    """Check a whole life cycle in a temporary store, then read the configured one; yield result by result."""
    with tempfile.TemporaryDirectory(prefix="nba_props_check_") as folder:
        yield from _temporary_checks(Path(folder))
    yield from _configured_checks(tracking_uri)


def _temporary_checks(folder: Path) -> Iterator[CheckResult]:
    from mlflow_integration.promotion.model_registry import ModelRegistry
    from mlflow_integration.tracker import NBAPropsTracker

    uri = f"sqlite:///{folder / 'check.db'}"
    tracker, registry = NBAPropsTracker(EXPERIMENT, tracking_uri=uri), ModelRegistry(uri)
    first = run_check(
        "A store can be made and opened", lambda: f"experiment {tracker.experiment_id}" if tracker.client else ""
    )
    yield first
    if not first.passed:
        return
    cycle = _Cycle(tracker, registry)
    yield run_check("A run takes parameters, metrics and tags, and gives them back", cycle.numbers)
    yield run_check("Plots, tables and documents arrive as artifacts", cycle.artifacts)
    yield run_check("A failing run is marked FAILED with its reason", cycle.failure)
    yield run_check("A model is logged, loaded and predicts the same", cycle.model)
    yield run_check("A version is registered, gated, promoted and rolled back", cycle.life)


class _Cycle:
    """The checks of a whole life cycle, on a store of their own."""

    def __init__(self, tracker: NBAPropsTracker, registry: ModelRegistry) -> None:
        self.tracker = tracker
        self.registry = registry
        self.versions: list[int] = []

    def numbers(self) -> str:
        with self.tracker.start_run("numbers", tags={"market": "pra"}) as run:
            self.tracker.log_params({"model": {"depth": 6}})
            self.tracker.log_validation_metrics({"mae": 5.9})
            self.tracker.log_fold(0, {"mae": 6.0})
            self.tracker.log_fold(1, {"mae": 5.8})
        stored = self.tracker.client.get_run(run.run_id)
        expect(stored.info.status == "FINISHED", f"the run is {stored.info.status}")
        expect(stored.data.params.get("model.depth") == "6", f"parameters are {stored.data.params}")
        expect(stored.data.metrics.get("val_mae") == 5.9, f"metrics are {stored.data.metrics}")
        expect(stored.data.tags.get("market") == "pra", "the tag is missing")
        history = [each.value for each in self.tracker.client.get_metric_history(run.run_id, "val_mae_fold")]
        expect(history == [6.0, 5.8], f"the history is {history}")
        return f"{len(stored.data.tags)} tags"

    def artifacts(self) -> str:
        import pandas as pd

        frame = pd.DataFrame({"actual": [1.0, 2.0, 4.0], "predicted": [1.5, 2.0, 3.0]})
        with self.tracker.start_run("artifacts") as run:
            self.tracker.log_residuals_plot(frame["actual"], frame["predicted"])
            self.tracker.log_predictions(frame)
            self.tracker.log_training_config({"market": "pra"})
        found = {entry.path for entry in self.tracker.client.list_artifacts(run.run_id)}
        lacking = {"residuals_analysis.png", "predictions.csv", "training_config.json"} - found
        expect(not lacking, f"missing: {', '.join(sorted(lacking))}")
        return f"{len(found)} files"

    def failure(self) -> str:
        run = self.tracker.start_run("failure")
        try:
            with run:
                expect(False, "meant to fail")
        except _CheckFailedError:
            pass
        stored = self.tracker.client.get_run(run.run_id)
        expect(stored.info.status == "FAILED", f"the run is {stored.info.status}")
        reason = stored.data.tags.get("failure_reason", "")
        expect("meant to fail" in reason, f"the reason is {reason!r}")
        return ""

    def model(self) -> str:
        import numpy as np
        import pandas as pd
        from sklearn.linear_model import LinearRegression

        features = pd.DataFrame({"minutes": [10.0, 20.0, 30.0, 36.0], "usage": [0.1, 0.3, 0.2, 0.3]})
        for slope in (1.0, 1.1):
            fitted = LinearRegression().fit(features, features["minutes"] * slope)
            with self.tracker.start_run("model", tags={"market": "pra"}) as run:
                self.tracker.log_metrics({"val_mae": 2.0 * slope, "n_bets": 600})
                self.tracker.log_model(fitted, input_example=features)
            self.versions.append(self.registry.register_model(run.run_id, MODEL))
        loaded = self.registry.load_model(MODEL, self.versions[-1])
        expect(np.allclose(loaded.predict(features), fitted.predict(features)), "it predicts something else")
        return f"versions {', '.join(map(str, self.versions))}"

    def life(self) -> str:
        expect(len(self.versions) == 2, "no versions: the check before failed")
        criteria = {"val_mae": 3.5, "n_bets": 500}
        for version in self.versions:
            decision = self.registry.promote_if_passing(MODEL, version, criteria, staging_nights=0)
            expect(decision.promoted, decision.reason)
        expect(
            self.registry.get_production_version(MODEL) == self.versions[1], "the second version is not in Production"
        )
        back = self.registry.rollback_model(MODEL, reason="self-check")
        expect(back == self.versions[0], f"rolled back to {back}")
        refused = self.registry.promote_if_passing(MODEL, self.versions[1], {"val_mae": 0.1})
        expect(not refused.promoted, "a failing gate let it pass")
        expect(self.registry.audit(MODEL).empty, "the audit finds something in moves of our own")
        moves = len(self.registry.transition_history(MODEL))
        return f"{moves} transitions kept"


def _configured_checks(tracking_uri: str | Path | None) -> Iterator[CheckResult]:
    opened: list[Store] = []

    def resolve() -> str:
        opened.append(resolve_store(tracking_uri))
        return opened[0].label

    first = run_check("The configured store is known", resolve)
    yield first
    if not opened:
        return
    store = opened[0]
    yield run_check("No old file store is in the way", lambda: _no_old_store(store))
    yield run_check("The configured store can be read", lambda: _readable(store))


def _no_old_store(store: Store) -> str:
    old = old_file_store(store.root) or old_file_store(Path.cwd())
    expect(old is None, old_store_message(old) if old else "")
    return ""


def _readable(store: Store) -> str:
    """Read the store without creating one: opening a SQLite file that does not exist would create it."""
    from mlflow_integration.store.experiments import active_experiments

    database = store.database
    if database is not None and not database.exists():
        parent = next(folder for folder in database.parents if folder.exists())
        with tempfile.TemporaryFile(dir=parent):  # raises where the folder cannot be written to
            return f"{database} does not exist yet; the first run makes it"
    count = len(active_experiments(store.client(), store.uri))
    return f"{count} experiments"
