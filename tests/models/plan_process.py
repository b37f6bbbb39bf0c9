"""A process that runs two quick recipes on a small league, for the test that kills it."""

from __future__ import annotations

from models.data import training_data_of
from models.plan.recipe import load_recipe
from models.plan.run import run_plan
from nba_league import simulate_league

NAMES = ("lightgbm_baseline", "opponent_features")


def main() -> None:
    league = simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=6, n_games=30)
    quick = ["model_params.n_estimators=10", "register_models=true"]
    for step in run_plan([load_recipe(name, quick) for name in NAMES], training_data_of(league)):
        print(step.recipe, step.skipped, flush=True)


if __name__ == "__main__":
    main()
