from .jobs import Job, fits_on, run_jobs
from .recipe import PLAN, RECIPES, Recipe, load_recipe
from .run import PlanStep, run_plan

__all__ = [
    "PLAN",
    "RECIPES",
    "Job",
    "PlanStep",
    "Recipe",
    "fits_on",
    "load_recipe",
    "run_jobs",
    "run_plan",
]
