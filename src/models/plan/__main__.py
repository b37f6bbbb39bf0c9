"""`python -m models.plan` prints the recipes as the Markdown table of docs/recipes.md."""

from __future__ import annotations

import sys

from models.plan.recipe import RECIPES, load_recipe


def recipe_table() -> str:
    """One row per recipe, in the order of the registry: name, markets, and what it asks."""
    lines = ["| recipe | markets | asks |", "|---|---|---|"]
    for recipe in map(load_recipe, RECIPES):
        asks = " ".join(recipe.description.split()).replace("<", "&lt;").replace("*", r"\*")
        lines.append(f"| `{recipe.name}` | {', '.join(recipe.markets)} | **{recipe.title}** {asks} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(recipe_table())
