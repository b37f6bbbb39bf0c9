"""Train, evaluate walk-forward, track, register and gate one model per market.

With no options it runs on the embedded SIMULATED league for the markets pts, reb, ast and pra.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import Annotated, Any

import typer

from mlflow_integration.cli import note, progress, reported

app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)


@app.command()
def train(  # noqa: PLR0913 - one parameter per option
    *,
    market: Annotated[
        str,
        typer.Option(
            help="Comma separated: pts, reb, ast, pra, pr, pa, ra, fg3m, stl, blk, tov; or all (the first four)."
        ),
    ] = "all",
    model: Annotated[str, typer.Option(help="lightgbm or xgboost.")] = "lightgbm",
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Box scores: file or folder of CSV, CSV.gz or Parquet; repeatable. Default: the SIMULATED league."
        ),
    ] = None,
    odds: Annotated[
        list[Path] | None,
        typer.Option(help="Lines: file or folder; repeatable. Without it nothing is bet on your own data."),
    ] = None,
    season_stats: Annotated[
        Path | None,
        typer.Option(help="Season table (Cleaning the Glass columns), joined with the PREVIOUS season only."),
    ] = None,
    walk_forward: Annotated[
        bool,
        typer.Option(
            "--walk-forward/--no-walk-forward", help="Refit through the test seasons, or fit once before them."
        ),
    ] = True,
    first_test_season: Annotated[
        str | None,
        typer.Option(help="First season predicted, such as 2024-25. Default: the first one with lines, else the last."),
    ] = None,
    step: Annotated[str, typer.Option(help="Refit weekly, monthly, each season, or every so many days.")] = "monthly",
    decision: Annotated[
        str, typer.Option(help="Price that is bet: each book's first of the day (open) or its last (close).")
    ] = "open",
    min_edge: Annotated[float, typer.Option(help="Least edge over the no-vig market probability that is bet.")] = 0.02,
    kelly: Annotated[
        float, typer.Option(help="Share of full Kelly for the Kelly ledger; reported ROI is of flat stakes.")
    ] = 0.25,
    experiment: Annotated[str, typer.Option(help="Experiment the runs go to.")] = "Phase1_Foundation",
    run_name: Annotated[str | None, typer.Option(help="Default: MODEL_MARKET.")] = None,
    register: Annotated[
        bool, typer.Option("--register/--no-register", help="Register the model and let the gates decide on its stage.")
    ] = True,
    gates: Annotated[
        str, typer.Option(help="Gate profile: plan (the plan's thresholds) or market (relative to baseline and lines).")
    ] = "plan",
    seed: Annotated[int, typer.Option(help="Seed of model, bootstrap and simulated league.")] = 0,
    workers: Annotated[int, typer.Option(help="Folds fitted side by side; 0: one per core.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train, evaluate **walk-forward**, track, register and gate one model per market.

    With no options: the embedded SIMULATED league, markets pts, reb, ast and pra.

    On your own files, and without touching the registry:

        uv run scripts/mlflow/train_model.py --market pra --data box_scores/ --odds lines/

        uv run scripts/mlflow/train_model.py --market pts,reb --model xgboost --no-register --experiment Phase2_Advanced

    Exit codes: 0 done (whatever the gates say), 2 bad input or usage. Afterwards: `uv run mlflow ui`.
    """
    settings: dict[str, Any] = {
        "model": model,
        "walk_forward": {
            "first_test_season": first_test_season,
            "step": (int(step) if step.isdigit() else step) if walk_forward else "once",
        },
        "decision": decision,
        "min_edge": min_edge,
        "kelly_fraction": kelly,
        "gate_profile": gates,
        "seed": seed,
        "workers": workers,
    }
    with reported():
        from models.main_job import MainJob, parse_markets, show_results  # noqa: PLC0415 - keeps --help fast

        job = MainJob(
            markets=parse_markets(market),
            data=tuple(data or ()),
            odds=tuple(odds or ()),
            season_stats=season_stats,
            experiment=experiment,
            run_name=run_name,
            register=register,
            settings=settings,
        )
        job.configs()
        loaded = job.load()
        for report in loaded.reports:
            note(report)
        with progress("markets", len(job.markets)) as bar:
            results = list(job.run(loaded, bar))
        sys.stdout.write(show_results(results, loaded, as_json=as_json))


if __name__ == "__main__":
    app()
