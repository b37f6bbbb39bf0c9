"""What happened to a model without this registry: aliases moved by hand or by another client, stages of a plain MLflow.

The alias is the truth, whoever moved it. The history says who of our own moved it last; where the two disagree, the
alias was moved outside. Pure logic, no store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mlflow_integration.stages.rules import ALIASED, Stage, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOVED_OUTSIDE: Final = "moved outside"
TAKEN_OVER: Final = "taken over"
_UNDER_WAY: Final = timedelta(minutes=10)


def recorded_holders(history: Iterable[Transition]) -> dict[str, int]:
    """Return the version that holds each of Staging and Production as far as the history knows.

    >>> entry = Transition("k", 3, "Staging", "Production", "2025-01-01T00:00:00.000+00:00", "me", "")
    >>> recorded_holders([entry])
    {'Production': 3}
    """
    holders: dict[str, int] = {}
    happened = [entry for entry in history if entry.status == "done"]
    for entry in sorted(happened, key=lambda each: each.confirmed or each.at):  # two may move at once
        if entry.from_stage in ALIASED and holders.get(entry.from_stage) == entry.version:
            del holders[entry.from_stage]
        if entry.to_stage in ALIASED and not entry.overtaken:  # overtaken: it left its stage, and does not hold the new
            holders[entry.to_stage] = entry.version
    return holders


def outside_moves(
    history: Sequence[Transition], aliases: Mapping[str, int], *, under_way: Iterable[Transition] = ()
) -> list[Transition]:
    """Return one entry, of status ``found``, for each alias that stands elsewhere than the history says.

    What a process is doing at this moment (`under_way`, unconfirmed entries) is not a move outside.
    """
    recorded = recorded_holders(history)
    recent = datetime.now(UTC) - _UNDER_WAY
    moving = {(entry.to_stage, entry.version) for entry in under_way if datetime.fromisoformat(entry.at) > recent}
    found = []
    for stage in ALIASED:
        before, now = recorded.get(stage), aliases.get(stage)
        if stage is Stage.STAGING and now is not None and now == aliases.get(Stage.PRODUCTION):
            now = None  # Production outweighs it; the next move takes it away
        if now == before or (stage.value, now) in moving or _at_once(history, stage, now, before):
            continue
        if now is not None:
            source = next((other for other, holder in recorded.items() if holder == now), Stage.NONE.value)
            recorded.pop(source, None)
            text = f"{MOVED_OUTSIDE}: the alias {stage} was set to version {now} by hand or by another client"
            found.append(_outside_move(now, (source, stage.value), text, before))
        elif before is not None and before not in (aliases.get(other) for other in ALIASED):
            target = Stage.ARCHIVED if stage is Stage.PRODUCTION else Stage.NONE
            text = f"{MOVED_OUTSIDE}: the alias {stage} was taken from version {before} by hand or by another client"
            found.append(_outside_move(before, (stage.value, target.value), text, None))
    return found


def _at_once(history: Sequence[Transition], stage: Stage, now: int | None, before: int | None) -> bool:
    """Whether our own moves of both versions to the stage overlapped: no entry shows which was the last."""

    def last(version: int | None) -> Transition | None:
        came = [each for each in history if (each.version, each.to_stage, each.status) == (version, stage, "done")]
        return max(came, key=lambda each: each.at, default=None)

    one, other = last(now), last(before)
    if one is None or other is None:
        return False
    return one.at <= (other.confirmed or other.at) and other.at <= (one.confirmed or one.at)


def _outside_move(version: int, move: tuple[str, str], reason: str, previous: int | None) -> Transition:
    return Transition("", version, *move, "", "unknown", reason, previous, kind=MOVED_OUTSIDE, status="found")


def native_holders(natives: Mapping[int, str]) -> dict[str, int]:
    """Return the holder of each aliased stage in a model that knows MLflow's own stages only: the newest version.

    >>> native_holders({1: "Production", 2: "Production", 3: "None"})
    {'Production': 2}
    """
    found = {}
    for stage in ALIASED:
        holders = [version for version, native in natives.items() if native == stage]
        if holders:
            found[stage.value] = max(holders)
    return found


def standing(history: Iterable[Transition], version: int, stage: Stage) -> Transition | None:
    """Return the entry by which a version last reached `stage`; None where there is none."""
    came = [each for each in history if each.version == version and each.to_stage == stage]
    return next((each for each in reversed(came) if each.status in ("done", "found")), None)


def how(entry: Transition | None) -> str:
    """Say in a few words how a version reached its stage: by which verdict, or by which override.

    >>> how(Transition("k", 3, "None", "Production", "t", "me", "urgent", override=True))
    'override: urgent'
    """
    if entry is None:
        return ""
    if entry.kind == "rollback":
        return f"rollback: {entry.reason}"
    return f"override: {entry.reason}" if entry.override else entry.reason


def rolled_back(history: Iterable[Transition], version: int) -> Transition | None:
    """Return the last rollback that took `version` out of Production; None where none did."""
    back = [each for each in history if each.kind == "rollback" and each.status == "done"]
    return next((each for each in reversed(back) if each.previous == version), None)
