"""`python -m models.plan` prints what a recipe can name: the models and the recipes, as Markdown tables of the docs."""

from __future__ import annotations

import sys
from typing import Final

from models.plan.recipe import RECIPES, load_recipe
from nba_props.config import MARKET_BLEND, BlendConfig, EnsembleConfig
from nba_props.forecast.estimator import ENSEMBLE, ESTIMATORS, default_params

_FEW: Final = 16
"""Most parameters that are listed: those of a pipeline are the library's, and too many for a table."""


def recipe_table() -> str:
    """One row per recipe, in the order of the registry: name, markets, and what it asks."""
    lines = ["| recipe | markets | asks |", "|---|---|---|"]
    for recipe in map(load_recipe, RECIPES):
        asks = " ".join(recipe.description.split()).replace("<", "&lt;").replace("*", r"\*")
        lines.append(f"| `{recipe.name}` | {', '.join(recipe.markets)} | **{recipe.title}** {asks} |")
    return "\n".join(lines) + "\n"


def model_table() -> str:
    """One row per model: its name, what it is, how MLflow logs it, and the values of its parameters."""
    rows = [
        f"| `{name}` | {kind.description} | {kind.flavour} | {_parameters(name)} |" for name, kind in ESTIMATORS.items()
    ]
    members = ", ".join(f"`{member}`" for member in EnsembleConfig().members)
    combined = f"several with convex weights, learned on out-of-fold forecasts: {members}"
    blended = f"starts at the market and moves to `{BlendConfig().model}` by a learned weight"
    rows += [f"| `{ENSEMBLE}` | {combined} | pyfunc | |", f"| `{MARKET_BLEND}` | {blended} | as that | |"]
    return "\n".join(["| model | what it is | logged as | parameters |", "|---|---|---|---|", *rows, ""])


def _parameters(name: str) -> str:
    params = default_params(name)
    if len(params) > _FEW:
        return "those of the scikit-learn pipeline"
    return ", ".join(f"`{key}={value}`" for key, value in params.items())


if __name__ == "__main__":
    sys.stdout.write(f"{model_table()}\n{recipe_table()}")
