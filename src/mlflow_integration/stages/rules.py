"""Stages of a model's life and the rules between them: pure logic, no store.

The truth about Staging and Production is the registered model's alias of that name: it has one holder at most, and
moves in one atomic call. Everything else (the tag ``stage`` of each version, MLflow's own deprecated stage) is a copy
for display.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import PromotionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


TRANSITION_PREFIX: Final = "transition."


class Stage(StrEnum):
    """The stages of a version."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"

    @classmethod
    def parse(cls, stage: str | Stage | None) -> Stage:
        """Return the stage of this name, in any case; PromotionError, naming the known ones, where there is none."""
        for member in cls:
            if str(stage).casefold() == member.value.casefold():
                return member
        message = f"Unknown stage {stage!r}; the stages are {', '.join(cls)}."
        raise PromotionError(message)


ALIASED: Final = (Stage.PRODUCTION, Stage.STAGING)
_UPWARD: Final = {
    Stage.NONE: (Stage.STAGING,),
    Stage.STAGING: (Stage.PRODUCTION,),
    Stage.PRODUCTION: (),
    Stage.ARCHIVED: (Stage.STAGING,),
}


def moment(when: datetime | None = None) -> str:
    """Return a moment, now by default, as the history keeps it."""
    return (when or datetime.now(UTC)).isoformat(timespec="milliseconds")


def check_move(name: str, version: int, current: Stage, target: Stage, *, override: bool) -> None:
    """Check a promotion.

    Raises:
        PromotionError: The target is not a promotion from the version's stage, or it skips Staging without `override`.
    """
    if target not in ALIASED:
        verb = "archive_model" if target is Stage.ARCHIVED else "demote_model"
        message = f"A version is promoted to Staging or Production; for {target} use {verb}."
        raise PromotionError(message)
    if target is Stage.STAGING and current is Stage.PRODUCTION:
        message = f"{name} version {version} is in Production; use demote_model to take it back to Staging."
        raise PromotionError(message)
    if target is not current and target not in _UPWARD[current] and not override:
        message = (
            f"{name} version {version} is in stage {current}: it goes to Staging before Production. "
            "To skip Staging pass override=True with a reason; both are recorded."
        )
        raise PromotionError(message)


def effective_stage(version: int, aliases: Mapping[str, int], tag: str | None) -> Stage:
    """Return the real stage of a version, from the holder of each alias and the version's own tag ``stage``.

    The tag may be stale: a process may have died before it was brought up to date.
    """
    for stage in ALIASED:
        if aliases.get(stage) == version:
            return stage
    if tag in (Stage.PRODUCTION, Stage.ARCHIVED):  # a Production tag without the alias: superseded
        return Stage.ARCHIVED
    return Stage.NONE


@dataclass(frozen=True)
class Why:
    """What is recorded with a move.

    Attributes:
        override: Whether a rule was overridden.
        kind: ``rollback`` for a return to an earlier version, ``moved outside`` and ``taken over`` for what the
            registry did not do itself (`stages.outside`), ``change`` for everything else.
    """

    by: str
    reason: str
    override: bool = False
    kind: str = "change"


@dataclass(frozen=True)
class Transition:
    """One entry of the promotion history.

    Attributes:
        key: Unique key of the entry; keys sort by time.
        version: The version that moved.
        at: When, UTC, ISO 8601.
        previous: The version that held the target stage until then.
        override: Whether a rule was overridden.
        status: ``done``; ``pending`` while (or because) the process that made the entry has not confirmed it;
            ``abandoned`` where it is known never to have happened; ``found`` where an alias tells of a move that no
            entry records yet.
        confirmed: When it was confirmed, UTC, ISO 8601; empty where it was not, and in old entries.
        overtaken: Whether another move of the same alias had come after it by then.
    """

    key: str
    version: int
    from_stage: str
    to_stage: str
    at: str
    by: str
    reason: str
    previous: int | None = None
    override: bool = False
    kind: str = "change"
    status: str = "done"
    confirmed: str = ""
    overtaken: bool = False

    @classmethod
    def start(cls, version: int, move: tuple[Stage, Stage], why: Why, previous: int | None) -> Transition:
        """Return a new pending entry, of now."""
        now = datetime.now(UTC)
        return cls(
            key=f"{TRANSITION_PREFIX}{now:%Y%m%dT%H%M%S.%f}Z-{uuid.uuid4().hex[:8]}",
            version=version,
            from_stage=move[0].value,
            to_stage=move[1].value,
            at=moment(now),
            by=why.by,
            reason=mask_secrets(why.reason),
            previous=previous,
            override=why.override,
            kind=why.kind,
            status="pending",
        )

    def to_json(self) -> str:
        """The entry as it is stored."""
        content = asdict(self)
        del content["key"]
        return json.dumps(content, ensure_ascii=False)


def read_history(tags: Mapping[str, str], aliases: Mapping[str, int]) -> list[Transition]:
    """Read the history from a registered model's tags, oldest first.

    An entry is written before the alias moves and confirmed after. One that was never confirmed (its process died) is
    settled from the facts: it happened if its version holds the alias, or if a later entry found it there.
    """
    entries = _entries(tags)
    settled = []
    for index, entry in enumerate(entries):
        if entry.status != "pending" or entry.to_stage not in ALIASED:
            settled.append(entry)
            continue
        later = [other for other in entries[index + 1 :] if other.to_stage == entry.to_stage]
        happened = aliases.get(entry.to_stage) == entry.version if not later else later[0].previous == entry.version
        settled.append(replace(entry, status="done" if happened else "abandoned"))
    return settled


def _entries(tags: Mapping[str, str]) -> list[Transition]:
    return [
        Transition(key=key, **json.loads(text))
        for key, text in sorted(tags.items())
        if key.startswith(TRANSITION_PREFIX)
    ]


def read_pending(tags: Mapping[str, str]) -> list[Transition]:
    """Return the entries that no process has confirmed, as they are stored."""
    return [entry for entry in _entries(tags) if entry.status == "pending"]


def previous_production(history: Iterable[Transition], current: int | None, present: Iterable[int]) -> int | None:
    """Return the version to roll back to from `current`: the one in Production before it that still exists.

    A second rollback goes further back: a version that was rolled back, demoted or archived is never returned to.
    """
    exists = set(present)
    trail: list[int] = []
    for entry in history:
        if entry.status != "done":
            continue
        if entry.to_stage != Stage.PRODUCTION:
            if entry.from_stage == Stage.PRODUCTION:  # demoted or archived for a reason
                trail = [version for version in trail if version != entry.version]
            continue
        if entry.kind == "rollback" and entry.version in trail:
            del trail[trail.index(entry.version) :]
        elif entry.previous is not None and entry.kind != "rollback":  # perhaps set by hand, without an entry
            trail = [version for version in trail if version != entry.previous] + [entry.previous]
        trail = [version for version in trail if version != entry.version]
        trail.append(entry.version)
    candidates = [version for version in trail if version != current and version in exists]
    return candidates[-1] if candidates else None
