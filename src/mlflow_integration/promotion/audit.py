"""Finds versions that reached a stage outside the registry: moved outside, taken over, or without a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlflow_integration.stages.outside import MOVED_OUTSIDE, TAKEN_OVER, how, rolled_back, standing
from mlflow_integration.stages.requirements import PASS
from mlflow_integration.stages.rules import ALIASED, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from mlflow_integration.stages.records import ModelState, RegistryStore

_COLUMNS: Final = ["model", "version", "stage", "finding", "detail"]


def audit(records: RegistryStore, names: Iterable[str]) -> pd.DataFrame:
    """Return one row per finding; arguments as for `ModelRegistry.audit`."""
    import pandas as pd

    rows: list[tuple[str, int, str, str, str]] = []
    for name in names:
        before = records.state(name)
        stale = [
            (name, record.version, record.stage.value, "copy differs", f"MLflow's own stage says {record.native_stage}")
            for record in before.versions.values()
            if record.native_stage != record.stage and not before.native and not before.unrecorded
        ]
        fresh = before.unrecorded
        after = records.refreshed(name)
        if stale or after.is_stale:
            records.settle(name)
        rows += _findings(after)
        seen = {(row[1], row[2]) for row in rows if row[0] == name}
        rows += [
            (name, entry.version, entry.to_stage, MOVED_OUTSIDE, entry.reason)
            for entry in fresh
            if (entry.version, entry.to_stage) not in seen
        ]
        rows += stale
    return pd.DataFrame(rows, columns=_COLUMNS)


def _findings(state: ModelState) -> list[tuple[str, int, str, str, str]]:
    """What there is to say about the versions in Production and Staging now."""
    rows = []
    for stage in ALIASED:
        holder = state.aliases.get(stage)
        if holder is None or holder not in state.versions:
            continue
        entry = standing(state.history, holder, stage)
        if entry is not None and entry.kind in (MOVED_OUTSIDE, TAKEN_OVER):
            rows.append((state.name, holder, stage.value, entry.kind, entry.reason))
        elif stage is Stage.PRODUCTION and not _has_verdict_or_override(state, holder):
            detail = (
                f"in Production without a passing verdict or a reasoned override ({how(entry) or 'no reason kept'})"
            )
            rows.append((state.name, holder, stage.value, "without a verdict", detail))
    return rows


def _has_verdict_or_override(state: ModelState, holder: int) -> bool:
    entry = standing(state.history, holder, Stage.PRODUCTION)
    given = entry is not None and (entry.kind == "rollback" or (entry.override and entry.reason.strip() != ""))
    passed = state.version(holder).tags.get("gate_verdict") == PASS and rolled_back(state.history, holder) is None
    return given or passed
