"""The moves a version can make between stages; each checks the rules and leaves the requests to the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_integration.stages.outside import MOVED_OUTSIDE, standing
from mlflow_integration.stages.records import RegistryStore, current_user
from mlflow_integration.stages.requirements import PASS, ROLLED_BACK, WAIVED, why_not
from mlflow_integration.stages.rules import Stage, Why, check_move, previous_production
from mlflow_integration.store.errors import store_errors
from mlflow_integration.values.arguments import as_version
from nba_props.errors import PromotionError

if TYPE_CHECKING:
    from mlflow_integration.stages.records import ModelState, VersionState


def _require_reason(move: str, reason: str) -> None:
    if not isinstance(reason, str) or not reason.strip():
        message = f"A {move} needs a reason."
        raise PromotionError(message)


def _with_verdicts(reason: str, record: VersionState, nights: int) -> str:
    """The reason of a move into Production, with the two verdicts it rests on."""
    tags = record.tags
    staging = f"Staging: {tags.get('staging_verdict')} over {tags.get('staging_nights')} nights"
    if nights == 0 and tags.get("staging_verdict") != PASS:
        staging = "Staging: test waived (staging_nights=0)"
    verdicts = f"gates: pass (profile {tags.get('gate_profile')}); {staging}"
    return f"{reason}; {verdicts}" if reason.strip() else verdicts


class Moves:
    """Promotion, demotion, archiving, rollback and deletion; arguments and errors as in `ModelRegistry`."""

    def __init__(self, records: RegistryStore) -> None:
        self._records = records

    def promote(
        self,
        name: str,
        version: int | str,
        stage: str | Stage,
        *,
        reason: str,
        override: bool,
        by: str | None,
        nights: int,
    ) -> Stage:
        """Promote a version to Staging or Production, which needs `nights` in Staging and verdicts, or an override."""
        target, number = Stage.parse(stage), as_version(version)
        if override:
            _require_reason("promotion past the rules (override=True, --force)", reason)
        state = self._records.refreshed(name)
        record = state.version(number)
        check_move(name, number, record.stage, target, override=override)
        why = Why(by or current_user(), reason, override)
        if record.stage is target:
            self._confirm_stage(state, record, why)
            return target
        self._records.check_files(name, number)
        if target is Stage.PRODUCTION and not override:
            refusal = why_not(state, record, nights)
            if refusal:
                message = f"{refusal} Or pass override=True (--force) with a reason; both are recorded."
                raise PromotionError(message)
            why = Why(why.by, _with_verdicts(reason, record, nights))
            if nights == 0 and record.tags.get("staging_verdict") != PASS:
                self._records.tag_version(name, number, {"staging_verdict": WAIVED, "staging_nights": 0})
        self._records.move(name, number, target, why)
        return target

    def _confirm_stage(self, state: ModelState, record: VersionState, why: Why) -> None:
        """Bring the copies in line; what was moved outside and is now overridden with a reason counts as seen."""
        entry = standing(state.history, record.version, record.stage)
        if why.override and entry is not None and entry.kind == MOVED_OUTSIDE:
            self._records.move(state.name, record.version, record.stage, why)
        else:
            self._records.settle(state.name)

    def demote(self, name: str, version: int | str, *, reason: str, by: str | None) -> Stage:
        """Take a version one stage down."""
        _require_reason("demotion", reason)
        number = as_version(version)
        current = self._records.refreshed(name).version(number).stage
        lower = {Stage.PRODUCTION: Stage.STAGING, Stage.STAGING: Stage.NONE}
        if current not in lower:
            message = f"{name} version {number} is in stage {current}; only Staging and Production can be demoted."
            raise PromotionError(message)
        self._records.move(name, number, lower[current], Why(by or current_user(), reason))
        return lower[current]

    def archive(self, name: str, version: int | str, *, reason: str, override: bool, by: str | None) -> Stage:
        """Archive a version."""
        number = as_version(version)
        current = self._records.refreshed(name).version(number).stage
        if current is Stage.PRODUCTION and not override:
            message = (
                f"{name} version {number} is in Production: promote another version or roll back, "
                "or pass override=True to leave the model without one."
            )
            raise PromotionError(message)
        if current is not Stage.ARCHIVED:
            self._records.move(name, number, Stage.ARCHIVED, Why(by or current_user(), reason, override))
        return Stage.ARCHIVED

    def roll_back(self, name: str, *, reason: str, to_version: int | str | None, by: str | None) -> int:
        """Put the previous Production version, or a named one, back into Production."""
        _require_reason("rollback", reason)
        state = self._records.refreshed(name)
        current = state.aliases.get(Stage.PRODUCTION)
        target = (
            as_version(to_version)
            if to_version is not None
            else previous_production(state.history, current, state.versions)
        )
        if target is None:
            message = f"Model {name!r} has no earlier Production version to go back to."
            raise PromotionError(message)
        skips = (
            state.version(target).stage is not Stage.STAGING
            or standing(state.history, target, Stage.PRODUCTION) is None  # it was never there: no way back to it
        )
        if target == current:
            message = f"{name} version {target} is in Production already."
            raise PromotionError(message)
        self._records.check_files(name, target)
        why = Why(by or current_user(), reason, override=skips, kind="rollback")
        self._records.move(name, target, Stage.PRODUCTION, why)
        if current is not None and current in state.versions:
            self._records.tag_version(name, current, {"gate_verdict": ROLLED_BACK, "rolled_back": reason})
        return target

    def delete(self, name: str, version: int | str, *, reason: str, by: str | None) -> None:
        """Delete a version from the registry."""
        number = as_version(version)
        if self._records.refreshed(name).version(number).stage is Stage.PRODUCTION:
            message = f"{name} version {number} is in Production and is not deleted."
            raise PromotionError(message)
        self._records.move(name, number, Stage.ARCHIVED, Why(by or current_user(), f"deleted: {reason}"))
        with store_errors(f"Deleting {name} version {number}", self._records.uri):
            self._records.client.delete_model_version(name, str(number))
