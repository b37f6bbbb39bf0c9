"""What a version has to show before Production takes it without an override: pure logic on what is recorded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlflow_integration.stages.outside import rolled_back
from mlflow_integration.stages.rules import Stage

if TYPE_CHECKING:
    from mlflow_integration.stages.records import ModelState, VersionState

STAGING_NIGHTS: Final = 20
"""Settled nights a version is in Staging by default: fewer give no interval."""
CUSTOM: Final = "custom"
"""Name of criteria given by hand; they bind no other version."""
PASS: Final = "pass"  # noqa: S105 - a verdict, not a password
ROLLED_BACK: Final = "rolled back"
WAIVED: Final = "waived"


def verdict_tag(profile: str) -> str:
    """Return the tag that keeps the verdict of a profile which is not the version's own.

    >>> verdict_tag("my gates!")
    'gate_verdict_my_gates_'
    """
    return "gate_verdict_" + re.sub(r"[^\w.-]", "_", profile)


def holder_profile(state: ModelState, version: int) -> str | None:
    """Return the named profile under which another version is in Production; None where there is none."""
    holder = state.aliases.get(Stage.PRODUCTION)
    if holder is None or holder == version or holder not in state.versions:
        return None
    named = state.versions[holder].tags.get("gate_profile")
    return None if named == CUSTOM else named


def why_not(state: ModelState, record: VersionState, nights: int) -> str:
    """Return what keeps a version from Production, in one sentence; empty where nothing does.

    `nights` is how many settled nights in Staging are needed; 0 for none.
    """
    return gates_missing(state, record) or staging_missing(record, nights)


def gates_missing(state: ModelState, record: VersionState) -> str:
    """Return why the gates keep a version out of Production; empty where they do not."""
    named, tags = f"{state.name} version {record.version}", record.tags
    back = rolled_back(state.history, record.version)
    if back is not None:
        return (
            f"{named} was rolled back on {back.at[:10]} ({back.reason}); only an override with a reason brings it back."
        )
    profile, verdict = tags.get("gate_profile"), tags.get("gate_verdict")
    if verdict != PASS:
        said = f"says {verdict} ({tags.get('gate_failed', 'no gate named')})" if verdict else "has not judged it yet"
        return f"{named} has no passing verdict: profile {profile or 'plan'} {said}."
    holder, against = state.aliases.get(Stage.PRODUCTION), tags.get("gate_against")
    if holder is not None and holder != record.version and against is not None and against != str(holder):
        return (
            f"{named} was compared with version {against}, and version {holder} is in Production now: judge it again."
            if against != "none"
            else f"{named} was judged before version {holder} reached Production: judge it again."
        )
    other = holder_profile(state, record.version)
    if other is not None and other != profile and not tags.get(verdict_tag(other), "").startswith(PASS):
        return (
            f"{named} passed profile {profile}, but version {holder} is in Production under profile {other}, "
            f"which {named} has not passed."
        )
    return ""


def staging_missing(record: VersionState, nights: int) -> str:
    """Return what the test in Staging still lacks; empty if it is passed or not required."""
    if nights == 0:
        return ""
    verdict, settled = record.tags.get("staging_verdict"), int(record.tags.get("staging_nights", 0))
    if verdict == PASS and settled >= nights:
        return ""
    named = f"version {record.version}"
    if verdict in (None, WAIVED):
        return f"{named} has no settled night in Staging yet; {nights} are required."
    if settled < nights:
        return f"{named} has {settled} settled nights in Staging; {nights} are required."
    return f"{named} did not pass its test in Staging ({verdict}): {record.tags.get('staging_summary', '')}"
