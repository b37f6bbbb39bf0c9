"""Verbs of promotion: register, evaluate, promote, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlflow_integration.cli import DONE, REFUSED, emit, emit_json
from mlflow_integration.commands.options import Force, Json, Model, Uri, VersionNumber
from mlflow_integration.commands.registry_verbs import registry_of, say

if TYPE_CHECKING:
    import pandas as pd

    from mlflow_integration.gates import GateReport

Gates = Annotated[
    str | None,
    typer.Option(
        help="Gate profile: plan, market, gates.toml or gates.toml:NAME. Default: the version's own, else that of "
        "Production, else plan."
    ),
]
Nights = Annotated[
    int | None,
    typer.Option(min=0, help="Settled nights in Staging that Production needs. Default: 20; 0 for none."),
]


def register(
    run_id: Annotated[str, typer.Argument(help="Run that logged the model.")],
    model: Model,
    model_id: Annotated[str | None, typer.Option(help="Which of the run's models, where it has several.")] = None,
    gates: Gates = None,
    description: Annotated[str | None, typer.Option(help="Text shown with the version.")] = None,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Register the model of a run as the next version."""
    version = registry_of(tracking_uri, writing=True).register_model(
        run_id, model, model_id=model_id, description=description, gate_profile=gates
    )
    say(json, f"{model} version {version} is registered.", model=model, version=version, run_id=run_id)


def evaluate(
    model: Model,
    version: VersionNumber,
    gates: Gates = None,
    record: Annotated[bool, typer.Option("--record", help="Keep the report; without it nothing is written.")] = False,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Judge a version by its gates without moving it; exit 1 if they say no."""
    report = registry_of(tracking_uri, writing=record).evaluate_for_production(
        model, version, profile=gates, record=record
    )
    if json:
        emit_json(report.as_dict())
    else:
        _show(report)
        print(report.summary)
    raise SystemExit(DONE if report.passed else REFUSED)


def promote(
    model: Model,
    version: VersionNumber,
    stage: Annotated[
        str,
        typer.Option(
            help="Staging or Production; without --force, gates and the test in Staging decide on Production."
        ),
    ] = "Production",
    gates: Gates = None,
    staging_nights: Nights = None,
    force: Force = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history; needed with --force.")] = "",
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Promote a version; exit 1 if it is kept out of Production by its gates or an unfinished test in Staging.

    Example: compare_experiments.py promote NBAProps_pra 3
    """
    from mlflow_integration.stages.rules import Stage

    registry, target = registry_of(tracking_uri, staging_nights, writing=True), Stage.parse(stage)
    if force or target is not Stage.PRODUCTION:
        why = f"forced: {reason}" if force and reason.strip() else reason
        registry.promote_model(model, version, target, reason=why, override=force)
        done, report, text = True, None, f"{model} version {version} is in {target}."
    else:
        decision = registry.promote_if_passing(model, version, profile=gates)
        done, report, target = decision.promoted, decision.report, decision.stage
        text = f"{model} version {version} {'is in' if done else 'stays in stage'} {target}. {decision.reason}"
    if json:
        about = {"model": model, "version": version, "stage": target.value, "done": done, "text": text}
        emit_json({**about, "gate_report": report.as_dict() if report is not None else None})
    else:
        if report is not None:
            _show(report)
        print(text)
    raise SystemExit(DONE if done else REFUSED)


def check(
    model: Model,
    live: Annotated[Path, typer.Argument(help="Settled rows (.csv or .parquet), one per prediction or bet.")],
    version: Annotated[int | None, typer.Option(min=1, help="Version. Default: the one in Production.")] = None,
    against: Annotated[str, typer.Option(help="Reference: validation (its own metrics) or gates.")] = "validation",
    staging: Annotated[
        bool, typer.Option("--staging", help="Record the rows as the settled nights of the version in Staging.")
    ] = False,
    staging_nights: Nights = None,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Compare settled rows with what a version promised; exit 1 if it has degraded or failed Staging.

    Columns: game_date, and actual, predicted; profit, stake; outcome, probability; clv.
    """
    registry, rows = registry_of(tracking_uri, staging_nights, writing=True), _read(live)
    if staging:
        number = registry.get_model_info(model, version, stage=None if version else "Staging").version
        test = registry.record_staging_nights(model, number, rows, source=f"settled rows of {live.name}")
        say(json, f"{model} version {number}: {test.summary}", model=model, version=number, verdict=test.verdict)
        raise SystemExit(DONE if test else REFUSED)
    report = registry.check_degradation(model, rows, version, against=against)
    if json:
        emit_json({"model": model, "version": report.version, "metrics": report.frame().to_dict("records")})
    else:
        emit(report.frame(), title=f"{model} version {report.version} in use")
        print(report.summary)
    raise SystemExit(REFUSED if report.degraded else DONE)


def _show(report: GateReport) -> None:
    emit(report.frame(), title=f"{report.model_name} version {report.version}, profile {report.profile}")


def _read(path: Path) -> pd.DataFrame:
    """Read a table of settled rows; TrackingError where the file cannot be read."""
    import pandas as pd

    from nba_props.errors import TrackingError

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        message = f"Settled rows cannot be read from {path}: {error}"
        raise TrackingError(message) from error
