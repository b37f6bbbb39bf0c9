"""Verbs that read and move registered models: models, history, audit, demote, archive, rollback, bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlflow_integration import cli
from mlflow_integration.cli import DONE, REFUSED, emit, emit_json
from mlflow_integration.commands.options import Force, Json, Model, Output, Reason, Uri, VersionNumber

if TYPE_CHECKING:
    from mlflow_integration.promotion.model_registry import ModelRegistry


def registry_of(tracking_uri: str | None, staging_nights: int | None = None, *, writing: bool = False) -> ModelRegistry:
    """Open the registry; commands that write also mark what dead processes left in the store."""
    from mlflow_integration.promotion.model_registry import ModelRegistry
    from mlflow_integration.store.abandoned import close_abandoned_once

    if staging_nights is None:
        registry = ModelRegistry(tracking_uri)
    else:
        registry = ModelRegistry(tracking_uri, staging_nights=staging_nights)
    if writing:
        close_abandoned_once(registry.client, registry.store)
    return registry


def say(json: bool, text: str, **content: object) -> None:
    """Print what was done, as a sentence or as JSON."""
    if json:
        emit_json({**content, "text": text})
    else:
        cli.say(text)


def models(json: Json = False, output: Output = None, tracking_uri: Uri = None) -> None:
    """List registered models: the stage of each version, its verdicts, and how it got there."""
    registry = registry_of(tracking_uri)
    registry.record_outside()
    frame = registry.list_models()
    if not (json or output):
        names = {"gate_profile": "gates", "gate_verdict": "verdict", "gate_failed": "not passed"}
        shown = ["model", "version", "stage", *names, "how"]
        frame = frame.reindex(columns=shown).rename(columns=names)
    emit(frame, as_json=json, output=output, title="Registered models", empty="No model is registered.")


def history(model: Model, json: Json = False, output: Output = None, tracking_uri: Uri = None) -> None:
    """List who moved which version when, and why."""
    registry = registry_of(tracking_uri)
    registry.record_outside(model)
    frame = registry.transition_history(model)
    if not (json or output or frame.empty):
        frame = frame.assign(at=[text[:19].replace("T", " ") for text in frame["at"].astype(str)])
        frame = frame.rename(columns={"at": "at (UTC)"})
    emit(frame, as_json=json, output=output, title=f"Transitions of {model}", empty="No version has moved yet.")


def audit(
    model: Annotated[str | None, typer.Argument(help="Name of the registered model. Default: all.")] = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Look for versions that were moved outside this registry; exit 1 if there are any.

    An alias moved by hand or by another client is recorded in the history as 'moved outside'; a version that
    only MLflow's own stages have in Production is adopted. To accept such a version, promote it with --force and a
    reason.
    """
    found = registry_of(tracking_uri).audit(model)
    emit(found, as_json=json, output=output, title="Findings", empty="Every stage is accounted for.")
    raise SystemExit(REFUSED if len(found) else DONE)


def demote(
    model: Model,
    version: VersionNumber,
    reason: Reason,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Take a version one stage down: Production to Staging, Staging to None."""
    stage = registry_of(tracking_uri, writing=True).demote_model(model, version, reason=reason)
    say(json, f"{model} version {version} is in {stage}.", model=model, version=version, stage=stage.value)


def archive(
    model: Model,
    version: VersionNumber,
    force: Force = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Archive a version; one in Production only with --force."""
    stage = registry_of(tracking_uri, writing=True).archive_model(model, version, reason=reason, override=force)
    say(json, f"{model} version {version} is in {stage}.", model=model, version=version, stage=stage.value)


def rollback(
    model: Model,
    reason: Reason,
    to_version: Annotated[int | None, typer.Option(help="Version to go back to. Default: the one before.")] = None,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Put the previous Production version back."""
    version = registry_of(tracking_uri, writing=True).rollback_model(model, reason=reason, to_version=to_version)
    say(json, f"{model} version {version} is in Production.", model=model, production=version, reason=reason)


def bundle(
    model: Model,
    version: Annotated[int | None, typer.Argument(min=1, help="Version. Default: the one in Production.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder. Default: models/MODEL/version_N at the root.")] = None,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Write a version as a folder to deploy: model, configuration, gate reports, model card, digests."""
    registry = registry_of(tracking_uri)
    number = registry.get_model_info(model).version if version is None else version
    path = registry.write_bundle(model, number, output)
    say(json, f"{model} version {number} is written to {path}.", model=model, version=number, path=str(path))
