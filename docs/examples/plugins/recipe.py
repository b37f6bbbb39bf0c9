"""Two recipes: one in a TOML file beside this module, one written here. Use it with ``--plugin recipe.py``."""

from pathlib import Path

from models.plan import RECIPES

RECIPES.add("phase1/linear_three_groups", Path(__file__).with_name("recipe.toml"))
RECIPES.add(
    "phase2/is_the_schedule_worth_it",
    {
        "title": "Does the schedule help?",
        "description": "The linear model with and without rest days and back-to-backs, on identical rows.",
        "markets": ["reb"],
        "config": {"model": "linear", "feature_groups": ["core_rates", "minutes", "schedule"]},
        "study": {"kind": "ablation", "without": ["schedule"]},
    },
)
