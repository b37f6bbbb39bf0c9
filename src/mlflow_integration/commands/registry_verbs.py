"""Verbs of the registry: models, promote, rollback, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlflow_integration.cli import DONE, REFUSED, emit, emit_json, reported, say
from mlflow_integration.commands.options import Json, Output, Plugin, Uri

if TYPE_CHECKING:
    from mlflow_integration.registry import ModelRegistry


def registry_of(tracking_uri: str | None, *, writing: bool = False) -> ModelRegistry:
    """Open the registry; who writes to it also marks what dead processes left in the store."""
    from mlflow_integration.registry import ModelRegistry
    from mlflow_integration.store.abandoned import close_abandoned_once

    registry = ModelRegistry(tracking_uri)
    if writing:
        close_abandoned_once(registry.client, registry.store)
    return registry


def models(json: Json = False, output: Output = None, tracking_uri: Uri = None, plugin: Plugin = None) -> None:
    """List registered models with the stage and gate verdict of each version."""
    with reported():
        frame = registry_of(tracking_uri).list_models()
        emit(frame, as_json=json, output=output, title="Registered models", empty="No model is registered.")


def promote(
    model: Annotated[str, typer.Argument(help="Name of the registered model.")],
    version: Annotated[int, typer.Argument(min=1, help="Version to promote.")],
    stage: Annotated[
        str, typer.Option(help="Staging or Production; without --force the gates decide on Production.")
    ] = "Production",
    gates: Annotated[str, typer.Option(help="Gate profile: plan, market, gates.toml or gates.toml:NAME.")] = "plan",
    force: Annotated[
        bool, typer.Option("--force", help="Promote without gates and without Staging; recorded.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    json: Json = False,
    tracking_uri: Uri = None,
    plugin: Plugin = None,
) -> None:
    """Promote a version; exit 1 if the gates refuse.

    Example: uv run scripts/mlflow/compare_experiments.py promote NBAProps_pra 3 --gates market
    """
    from mlflow_integration.stages.rules import Stage

    with reported():
        registry, target = registry_of(tracking_uri, writing=True), Stage.parse(stage)
        if force or target is not Stage.PRODUCTION:
            why = f"forced: {reason}" if force else reason
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
                emit(report.frame(), title=f"{model} version {version}, profile {report.profile}")
            say(text)
        raise SystemExit(DONE if done else REFUSED)


def rollback(
    model: Annotated[str, typer.Argument(help="Name of the registered model.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")],
    to_version: Annotated[int | None, typer.Option(help="Version to go back to. Default: the one before.")] = None,
    json: Json = False,
    tracking_uri: Uri = None,
    plugin: Plugin = None,
) -> None:
    """Put the previous Production version back."""
    with reported():
        version = registry_of(tracking_uri, writing=True).rollback_model(model, reason=reason, to_version=to_version)
        if json:
            emit_json({"model": model, "production": version, "reason": reason})
        else:
            say(f"{model} version {version} is in Production.")


def history(
    model: Annotated[str, typer.Argument(help="Name of the registered model.")],
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
    plugin: Plugin = None,
) -> None:
    """List who moved which version when, and why."""
    with reported():
        frame = registry_of(tracking_uri).transition_history(model)
        emit(frame, as_json=json, output=output, title=f"Transitions of {model}", empty="No version has moved yet.")
