"""What logging costs: one evaluation against one plain batch, and a model of each kind, on SQLite."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlflow_integration.cli import DONE, REFUSED, emit, emit_json, reported

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mlflow_integration import NBAPropsTracker

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)

MAX_RATIO = 1.3
MAX_MODEL_MS = 150.0


class SmallEvaluation:
    """60 metrics, 40 parameters, 20 tags, and nothing else."""

    def __init__(self) -> None:
        self.metrics = {f"metric_{i:02d}": i / 7 for i in range(60)}
        self.params = {"model": {f"parameter_{i:02d}": i for i in range(40)}}
        self.tags = {f"tag_{i:02d}": f"value {i}" for i in range(20)}
        self.fold_metrics: dict[str, list[float]] = {}
        self.tables: dict[str, pd.DataFrame] = {}
        self.figures: dict[str, Callable[[], Any]] = {}
        self.documents: dict[str, dict[str, object]] = {}


def batch_times(tracker: NBAPropsTracker, repeats: int) -> tuple[list[float], list[float]]:
    """Return milliseconds of a plain `log_batch` and of `log_evaluation`, taken in turns on fresh runs."""
    from mlflow.entities import Metric, Param, RunTag

    evaluation = SmallEvaluation()
    plain, ours = [], []
    for _ in range(repeats):
        with tracker.start_run("plain") as run:
            start = time.perf_counter()
            now = int(time.time() * 1000)
            tracker.client.log_batch(
                run.run_id,
                metrics=[Metric(name, value, now, 0) for name, value in evaluation.metrics.items()],
                params=[Param(f"model.{name}", str(value)) for name, value in evaluation.params["model"].items()],
                tags=[RunTag(name, value) for name, value in evaluation.tags.items()],
            )
            plain.append((time.perf_counter() - start) * 1000)
        with tracker.start_run("ours"):
            start = time.perf_counter()
            tracker.log_evaluation(evaluation)
            ours.append((time.perf_counter() - start) * 1000)
    return plain, ours


def fitted_models() -> tuple[dict[str, object], pd.DataFrame]:
    """Return one fitted model of each kind, and the features (2,000 rows, 60 columns)."""
    import lightgbm as lgb
    import numpy as np
    import pandas as pd
    import xgboost as xgb
    from sklearn.ensemble import RandomForestRegressor

    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(2000, 60)), columns=[f"feature_{i}" for i in range(60)])
    target = features["feature_0"] * 3 + rng.normal(size=2000)
    models = {
        "XGBoost, 200 trees": xgb.XGBRegressor(n_estimators=200, n_jobs=1),
        "LightGBM, 200 trees": lgb.LGBMRegressor(n_estimators=200, n_jobs=1, verbosity=-1),
        "scikit-learn forest, 100 trees": RandomForestRegressor(n_estimators=100, max_depth=8, n_jobs=1),
    }
    return {name: model.fit(features, target) for name, model in models.items()}, features


def model_times(tracker: NBAPropsTracker, repeats: int) -> dict[str, list[float]]:
    """Return milliseconds of `log_model` with signature and input example; the first of each (imports) is left out."""
    models, features = fitted_models()
    taken: dict[str, list[float]] = {name: [] for name in models}
    with tracker.start_run("models"):
        for number in range(repeats + 1):
            for name, model in models.items():
                start = time.perf_counter()
                tracker.log_model(model, input_example=features)
                if number:
                    taken[name].append((time.perf_counter() - start) * 1000)
    return taken


@app.command()
def measure(
    repeats: Annotated[int, typer.Option(min=3, help="How often each thing is timed.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Time logging on a temporary store; exit 1 if a limit is missed.

    Limits are held against medians, of calls taken in turns.
    """
    import pandas as pd

    from mlflow_integration import NBAPropsTracker

    with reported(), tempfile.TemporaryDirectory() as folder:
        tracker = NBAPropsTracker("benchmark", tracking_uri=Path(folder) / "mlflow.db")
        batch_times(tracker, 3)
        plain, ours = batch_times(tracker, repeats)
        models = model_times(tracker, max(3, repeats // 3))
    base = statistics.median(plain)
    rows: list[tuple[str, float, float, float | None, str | None, bool]] = [
        ("plain log_batch: 60 metrics, 40 parameters, 20 tags", base, min(plain), 1.0, None, True),
        (
            "tracker.log_evaluation of the same",
            statistics.median(ours),
            min(ours),
            statistics.median(ours) / base,
            f"ratio <= {MAX_RATIO}",
            statistics.median(ours) <= MAX_RATIO * base,
        ),
    ]
    rows += [
        (
            f"tracker.log_model: {name}",
            statistics.median(ms),
            min(ms),
            None,
            f"median < {MAX_MODEL_MS:g} ms",
            statistics.median(ms) < MAX_MODEL_MS,
        )
        for name, ms in models.items()
    ]
    frame = pd.DataFrame(rows, columns=["what", "median_ms", "best_ms", "ratio", "limit", "met"])
    if json:
        emit_json(frame.to_dict(orient="records"))
    else:
        emit(frame, title=f"Logging on SQLite, {repeats} times each")
    raise SystemExit(DONE if frame["met"].all() else REFUSED)


if __name__ == "__main__":
    app()
