"""`ModelRegistry`: the life of a model from registration over gates to Production and back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.gates import GateReport, as_gates, check_gates, get_profile
from mlflow_integration.reading.reader import last_model_id
from mlflow_integration.stages.live_checks import LiveChecks
from mlflow_integration.stages.records import RegistryStore, current_user
from mlflow_integration.stages.rules import Stage, Why, check_move, previous_production
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import fluent_store, load_mlflow, resolve_store
from mlflow_integration.values.arguments import as_mapping, as_version
from mlflow_integration.values.convert import to_json
from nba_props.errors import PromotionError, TrackingError, UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlflow.tracking import MlflowClient

    from mlflow_integration.gates import Gate, GateProfile

__all__ = ["ModelRegistry", "PromotionDecision", "check_model_name"]

_NAME: Final = re.compile(r"[\w. -]{1,200}")
_MAX_TAG_KEY: Final = 250
_MAX_TAG: Final = 100_000
_CARRIED: Final = ("market", "data_fingerprint", "data_kind")


@dataclass(frozen=True)
class PromotionDecision:
    """What came of `ModelRegistry.promote_if_passing`; true in a condition when the version is in Production now.

    Attributes:
        model_name: The model.
        version: The version.
        report: What each gate says.
        stage: Where the version stands now.
        reason: Why, in one line.
    """

    model_name: str
    version: int
    report: GateReport
    stage: Stage
    reason: str

    @property
    def promoted(self) -> bool:
        """Whether the gates let it into Production."""
        return self.report.passed

    def __bool__(self) -> bool:
        """Whether the gates let it into Production."""
        return self.promoted


def check_model_name(name: str) -> str:
    """Return `name` if a registered model can have it.

    Raises:
        UnknownModelError: It can not.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not name.strip(" ."):
        message = f"{name!r} can not be a model name: letters, digits, '_', '-', '.' and spaces only."
        raise UnknownModelError(message)
    return name


def _check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags that MLflow would refuse only after it has made the model.

    Raises:
        TrackingError: A key is no text of 1 to 250 characters, or a value is over 100,000 characters long.
    """
    for key, value in tags.items():
        if not isinstance(key, str) or not 0 < len(key.strip()) <= len(key) <= _MAX_TAG_KEY:
            message = f"The key of a tag is a text of 1 to {_MAX_TAG_KEY} characters, not {str(key)[:50]!r}."
            raise TrackingError(message)
        if len(value) > _MAX_TAG:
            message = f"The tag {key!r} has {len(value):,} characters; a version's tag holds {_MAX_TAG:,}."
            raise TrackingError(message)


def _require_reason(move: str, reason: str) -> None:
    if not isinstance(reason, str) or not reason.strip():
        message = f"A {move} needs a reason."
        raise PromotionError(message)


class ModelRegistry(LiveChecks):
    """Registered models of one store.

    Args:
        tracking_uri: The store; ``MLFLOW_TRACKING_URI`` or the project's embedded store by default.
        profiles: Gate profiles besides the built-in ones.
    """

    def __init__(
        self, tracking_uri: str | Path | None = None, *, profiles: Mapping[str, GateProfile] | None = None
    ) -> None:
        self.store = resolve_store(tracking_uri)
        self.profiles = dict(profiles or {})
        self._opened: RegistryStore | None = None

    @property
    def _records(self) -> RegistryStore:
        if self._opened is None:
            self._opened = RegistryStore(self.store.client(create=False), self.store.uri)
        return self._opened

    @property
    def client(self) -> MlflowClient:
        """Plain MLflow client of the store."""
        return self._records.client

    # -- registering ----------------------------------------------------------------------------------------------

    def register_model(
        self,
        run_id: str,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        *,
        model_id: str | None = None,
        description: str | None = None,
    ) -> int:
        """Register the model of a run as the next version, in stage None.

        The version carries the run's tags ``market``, ``data_fingerprint`` and ``data_kind``.

        Args:
            run_id: Run that logged the model.
            model_name: Name in the registry; made if need be.
            tags: Tags of the version.
            model_id: Which of the run's models, where it has several; the last one by default.
            description: Text shown with the version.

        Returns:
            Number of the version.

        Raises:
            UnknownModelError: The run has logged no model, or `model_id` is another run's.
            TrackingError: There is no such run, or a tag can not be stored.
        """
        check_model_name(model_name)
        if not isinstance(run_id, str):
            message = f"The id of a run is wanted (run.run_id), not {run_id!r}."
            raise UnknownModelError(message)
        own = {key: str(value) for key, value in as_mapping("Tags", tags or {}).items()}
        _check_tags(own)
        mlflow = load_mlflow()
        doing = store_errors(f"Registering the model of run {run_id}", self.store.uri)
        with doing, fluent_store(self.store.uri):  # MLflow looks the model up in its global store
            run = self.client.get_run(run_id)
            chosen = model_id or last_model_id(self.client, run)
            if chosen is None:
                message = f"Run {run_id} has logged no model; log one with tracker.log_model before registering it."
                raise UnknownModelError(message)
            if self.client.get_logged_model(chosen).source_run_id != run_id:
                message = f"Model {chosen} was logged by another run than {run_id}, whose metrics would judge it."
                raise UnknownModelError(message)
            try:
                self.client.create_registered_model(model_name)
            except mlflow.exceptions.MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            carried = {key: run.data.tags[key] for key in _CARRIED if key in run.data.tags}
            made = self.client.create_model_version(
                model_name,
                source=f"models:/{chosen}",
                run_id=run_id,
                tags={**carried, **own, "stage": Stage.NONE.value},
                description=description,
                model_id=chosen,
            )
            self._name_version(chosen, model_name, str(made.version))
        return int(made.version)

    def _name_version(self, model_id: str, model_name: str, version: str) -> None:
        """Say on the logged model which version it became, for its page: a server does so itself, a database not."""
        from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

        known = json.loads(self.client.get_logged_model(model_id).tags.get(MLFLOW_MODEL_VERSIONS, "[]"))
        entry = {"name": model_name, "version": version}
        if not any((each["name"], str(each["version"])) == (model_name, version) for each in known):
            self.client.set_logged_model_tags(model_id, {MLFLOW_MODEL_VERSIONS: json.dumps([*known, entry])})

    # -- stages ---------------------------------------------------------------------------------------------------

    def promote_model(
        self,
        model_name: str,
        version: int | str,
        stage: str | Stage = Stage.PRODUCTION,
        *,
        reason: str = "",
        override: bool = False,
        by: str | None = None,
    ) -> Stage:
        """Promote a version to Staging or Production; who held the stage before makes room in the same atomic step.

        Args:
            model_name: The model.
            version: The version.
            stage: ``"Staging"`` or ``"Production"``.
            reason: Why; kept in the history.
            override: Allow to skip Staging; kept in the history.
            by: Who; ``NBA_PROPS_USER`` or the login name by default.

        Returns:
            The stage it stands in now.

        Raises:
            PromotionError: The rules refuse the move.
            UnknownModelError: There is no such model or version.
        """
        target, number = Stage.parse(stage), as_version(version)
        current = self._records.state(model_name).version(number).stage
        check_move(model_name, number, current, target, override=override)
        if current is target:
            self._records.settle(model_name)
            return target
        self._records.move(model_name, number, target, Why(by or current_user(), reason, override))
        return target

    def demote_model(self, model_name: str, version: int | str, *, reason: str, by: str | None = None) -> Stage:
        """Take a version one stage down: Production to Staging, Staging to None.

        After a demotion from Production the model has no Production version; `rollback_model` puts the previous one
        there.

        Raises:
            PromotionError: It is in neither of the two, or there is no reason.
        """
        _require_reason("demotion", reason)
        number = as_version(version)
        current = self._records.state(model_name).version(number).stage
        lower = {Stage.PRODUCTION: Stage.STAGING, Stage.STAGING: Stage.NONE}
        if current not in lower:
            message = (
                f"{model_name} version {number} is in stage {current}; only Staging and Production can be demoted."
            )
            raise PromotionError(message)
        self._records.move(model_name, number, lower[current], Why(by or current_user(), reason))
        return lower[current]

    def archive_model(
        self, model_name: str, version: int | str, *, reason: str = "", override: bool = False, by: str | None = None
    ) -> Stage:
        """Archive a version.

        Raises:
            PromotionError: It is in Production and `override` is False.
        """
        number = as_version(version)
        current = self._records.state(model_name).version(number).stage
        if current is Stage.PRODUCTION and not override:
            message = (
                f"{model_name} version {number} is in Production: promote another version or roll back, "
                "or say override=True to leave the model without one."
            )
            raise PromotionError(message)
        if current is not Stage.ARCHIVED:
            self._records.move(model_name, number, Stage.ARCHIVED, Why(by or current_user(), reason, override))
        return Stage.ARCHIVED

    def rollback_model(
        self, model_name: str, *, reason: str, to_version: int | str | None = None, by: str | None = None
    ) -> int:
        """Put the previous Production version, or a named one, back into Production.

        Args:
            model_name: The model.
            reason: Why; kept in the history.
            to_version: Which version; the last one that was in Production before by default.
            by: Who.

        Returns:
            The version that is in Production now.

        Raises:
            PromotionError: There is no reason, or nothing to go back to.
        """
        _require_reason("rollback", reason)
        state = self._records.state(model_name)
        current = state.aliases.get(Stage.PRODUCTION)
        target = (
            as_version(to_version)
            if to_version is not None
            else previous_production(state.history, current, state.versions)
        )
        if target is None:
            message = f"Model {model_name!r} has no earlier Production version to go back to."
            raise PromotionError(message)
        state.version(target)
        if target == current:
            message = f"{model_name} version {target} is in Production already."
            raise PromotionError(message)
        why = Why(
            by or current_user(), reason, override=state.version(target).stage is not Stage.STAGING, kind="rollback"
        )
        self._records.move(model_name, target, Stage.PRODUCTION, why)
        return target

    # -- gates ----------------------------------------------------------------------------------------------------

    def evaluate_for_production(
        self,
        model_name: str,
        version: int | str,
        criteria: Mapping[str, Any] | Iterable[Gate] | None = None,
        *,
        profile: str | GateProfile = "plan",
    ) -> GateReport:
        """Judge a version by the metrics of its run.

        The report is kept: as ``gate_report.json`` of the run, and as the version's tags ``gate_verdict``,
        ``gate_profile``, ``gate_failed`` and ``gate_checked_at``.

        Args:
            model_name: The model.
            version: The version.
            criteria: Gates, or metric to threshold; overrules `profile`.
            profile: As for `get_profile`: ``"plan"``, ``"market"``, one of your own, or a TOML file; its exceptions for
                the version's market apply.

        Returns:
            The report, truthy when all gates pass.
        """
        number = as_version(version)
        record = self._records.state(model_name).version(number)
        market = record.tags.get("market")
        chosen = None if criteria is not None else get_profile(profile, self.profiles)
        metrics = self._run_metrics(record)
        about: dict[str, Any] = {"model_name": model_name, "version": number, "market": market}
        report = chosen.check(metrics, **about) if chosen else check_gates(metrics, as_gates(criteria or {}), **about)
        checked = datetime.now(UTC).isoformat(timespec="seconds")
        with store_errors(f"Keeping the gate report of {model_name} version {number}", self.store.uri):
            if record.run_id:
                text = to_json({**report.as_dict(), "checked_at": checked})
                self.client.log_text(record.run_id, text, "gate_report.json")
        failed = ", ".join(result.gate.key for result in report.failures)
        tags = {"gate_verdict": report.verdict.value, "gate_profile": report.profile, "gate_failed": failed or "none"}
        self._records.tag_version(model_name, number, {**tags, "gate_checked_at": checked})
        return report

    def promote_if_passing(
        self,
        model_name: str,
        version: int | str,
        criteria: Mapping[str, Any] | Iterable[Gate] | None = None,
        *,
        profile: str | GateProfile = "plan",
        by: str | None = None,
    ) -> PromotionDecision:
        """Judge a version; take it over Staging into Production if every gate passes, else leave it where it is."""
        number = as_version(version)
        report = self.evaluate_for_production(model_name, number, criteria, profile=profile)
        if report.passed:
            reason = f"gates: {report.summary}"
            current = self._records.state(model_name).version(number).stage
            if current not in (Stage.STAGING, Stage.PRODUCTION):
                self.promote_model(model_name, number, Stage.STAGING, reason=reason, by=by)
            self.promote_model(model_name, number, Stage.PRODUCTION, reason=reason, by=by)
        stage = self._records.state(model_name).version(number).stage
        return PromotionDecision(model_name, number, report, stage, report.summary)

    def delete_model_version(
        self, model_name: str, version: int | str, *, by: str | None = None, reason: str = ""
    ) -> None:
        """Delete a version from the registry; its run and files stay, and the history says so.

        Raises:
            PromotionError: It is in Production.
        """
        number = as_version(version)
        state = self._records.state(model_name)
        if state.version(number).stage is Stage.PRODUCTION:
            message = f"{model_name} version {number} is in Production and is not deleted."
            raise PromotionError(message)
        self._records.move(model_name, number, Stage.ARCHIVED, Why(by or current_user(), f"deleted: {reason}"))
        with store_errors(f"Deleting {model_name} version {number}", self.store.uri):
            self.client.delete_model_version(model_name, str(number))
