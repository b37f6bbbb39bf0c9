"""The moves a version can make between stages; each checks the rules and leaves the requests to the records."""

from __future__ import annotations

from mlflow_integration.stages.records import RegistryStore, current_user
from mlflow_integration.stages.rules import Stage, Why, check_move, previous_production
from mlflow_integration.store.errors import store_errors
from mlflow_integration.values.arguments import as_version
from nba_props.errors import PromotionError


def _require_reason(move: str, reason: str) -> None:
    if not isinstance(reason, str) or not reason.strip():
        message = f"A {move} needs a reason."
        raise PromotionError(message)


class Moves:
    """Promotion, demotion, archiving, rollback and deletion; arguments and errors as in `ModelRegistry`.

    Args:
        records: Reads and writes of the registry.
    """

    def __init__(self, records: RegistryStore) -> None:
        self._records = records

    def promote(
        self, name: str, version: int | str, stage: str | Stage, *, reason: str, override: bool, by: str | None
    ) -> Stage:
        """Promote a version to Staging or Production."""
        target, number = Stage.parse(stage), as_version(version)
        current = self._records.state(name).version(number).stage
        check_move(name, number, current, target, override=override)
        if current is target:
            self._records.settle(name)
            return target
        self._records.check_files(name, number)
        self._records.move(name, number, target, Why(by or current_user(), reason, override))
        return target

    def demote(self, name: str, version: int | str, *, reason: str, by: str | None) -> Stage:
        """Take a version one stage down."""
        _require_reason("demotion", reason)
        number = as_version(version)
        current = self._records.state(name).version(number).stage
        lower = {Stage.PRODUCTION: Stage.STAGING, Stage.STAGING: Stage.NONE}
        if current not in lower:
            message = f"{name} version {number} is in stage {current}; only Staging and Production can be demoted."
            raise PromotionError(message)
        self._records.move(name, number, lower[current], Why(by or current_user(), reason))
        return lower[current]

    def archive(self, name: str, version: int | str, *, reason: str, override: bool, by: str | None) -> Stage:
        """Archive a version."""
        number = as_version(version)
        current = self._records.state(name).version(number).stage
        if current is Stage.PRODUCTION and not override:
            message = (
                f"{name} version {number} is in Production: promote another version or roll back, "
                "or say override=True to leave the model without one."
            )
            raise PromotionError(message)
        if current is not Stage.ARCHIVED:
            self._records.move(name, number, Stage.ARCHIVED, Why(by or current_user(), reason, override))
        return Stage.ARCHIVED

    def roll_back(self, name: str, *, reason: str, to_version: int | str | None, by: str | None) -> int:
        """Put the previous Production version, or a named one, back into Production."""
        _require_reason("rollback", reason)
        state = self._records.state(name)
        current = state.aliases.get(Stage.PRODUCTION)
        target = (
            as_version(to_version)
            if to_version is not None
            else previous_production(state.history, current, state.versions)
        )
        if target is None:
            message = f"Model {name!r} has no earlier Production version to go back to."
            raise PromotionError(message)
        skips = state.version(target).stage is not Stage.STAGING
        if target == current:
            message = f"{name} version {target} is in Production already."
            raise PromotionError(message)
        self._records.check_files(name, target)
        why = Why(by or current_user(), reason, override=skips, kind="rollback")
        self._records.move(name, target, Stage.PRODUCTION, why)
        return target

    def delete(self, name: str, version: int | str, *, reason: str, by: str | None) -> None:
        """Delete a version from the registry."""
        number = as_version(version)
        if self._records.state(name).version(number).stage is Stage.PRODUCTION:
            message = f"{name} version {number} is in Production and is not deleted."
            raise PromotionError(message)
        self._records.move(name, number, Stage.ARCHIVED, Why(by or current_user(), f"deleted: {reason}"))
        with store_errors(f"Deleting {name} version {number}", self._records.uri):
            self._records.client.delete_model_version(name, str(number))
