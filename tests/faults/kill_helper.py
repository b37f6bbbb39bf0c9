"""Forks children that work on a store, for the test that kills them; what is heavy is imported once.

Reads one JSON line per child from stdin (``{"work": "job", "uri": ...}``), prints its number, waits for its end and
prints its exit code. Only the children open the store.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout
from itertools import count

import pandas as pd
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.commands.setup_experiments import app as setup
from models.commands import training
from models.data import TrainingData, training_data_of
from models.plan import Job
from models.plan.recipe import load_recipe
from nba_league import simulate_league
from nba_props.config import make_config

QUICK = {"n_estimators": 10}


def job(data: TrainingData) -> None:
    """The main job, on one market."""
    jobs = [Job(make_config(market="ast", model_params=QUICK), "Phase1_Foundation")]
    training.run_markets(jobs, lambda: data, as_json=True)


def recipe(data: TrainingData) -> None:
    """One recipe, registered and judged; run again although it is finished."""
    recipe = load_recipe("lightgbm_baseline", ["model_params.n_estimators=10", "register_models=true"])
    training.run_recipes([recipe], lambda: data, force=True, as_json=True)


def registry(data: TrainingData) -> None:
    """Log, register, promote and roll back."""
    features = pd.DataFrame({"minutes": [10.0, 20.0, 30.0], "usage": [0.1, 0.3, 0.2]})
    fitted = LinearRegression().fit(features, features["minutes"])
    tracker, models = NBAPropsTracker("loop"), ModelRegistry()
    for number in count():
        with tracker.start_run(f"loop_{number}") as run:
            tracker.log_metrics({"val_mae": 3.0})
            tracker.log_model(fitted, input_example=features)
        version = models.register_model(run.run_id, "loop")
        models.promote_if_passing("loop", version, {"val_mae": 3.5})
        models.promote_model("loop", version, "Production", reason="loop", override=True)
        if number % 2:
            models.rollback_model("loop", reason="loop")
        if number == 2:
            return


def start(data: TrainingData) -> None:
    """The next start of a command on the store."""
    setup([], standalone_mode=False)


def warm_up() -> None:
    """Import what opening a store imports; no child opens this one, and nothing is fitted in several threads."""
    tracker = NBAPropsTracker("warm", tracking_uri="warm.db")
    with tracker.start_run("warm"):
        tracker.log_residuals_plot([1.0, 2.0, 3.0], [1.5, 2.0, 2.5])
        tracker.log_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), input_example=pd.DataFrame({"a": [1.0]}))


def main() -> None:
    """Fork until stdin ends."""
    warm_up()
    league = simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=6, n_games=20)
    data = training_data_of(league)
    works = {work.__name__: work for work in (job, recipe, registry, start)}
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ["MLFLOW_TRACKING_URI"] = asked["uri"]
            with redirect_stdout(sys.stderr):
                works[asked["work"]](data)
            return
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
