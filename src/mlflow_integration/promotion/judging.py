"""Judging a version by gates, and keeping what they said, without writing over what an earlier verdict said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.gates import (
    PROFILES,
    Challenge,
    Evidence,
    GateProfile,
    NamedGate,
    as_gates,
    challenge,
    get_profile,
    rebuild_profile,
)
from mlflow_integration.gates.challenger import BEATS_PRODUCTION
from mlflow_integration.promotion.records import gates_folder, stamp
from mlflow_integration.stages.outside import rolled_back
from mlflow_integration.stages.requirements import CUSTOM, holder_profile, verdict_tag
from mlflow_integration.stages.rules import Stage, moment
from mlflow_integration.store.errors import store_errors
from mlflow_integration.values.file_names import unique_file_name
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_integration.gates import AnyGate, GateReport
    from mlflow_integration.promotion.records import Files
    from mlflow_integration.stages.records import ModelState, RegistryStore, VersionState

_DEFAULT: Final = "plan"
_PREDICTIONS: Final = "predictions.csv"
_SAME: Final = ("market", "data_kind", "availability")


class Judge:
    """Judges versions; arguments and errors as for `ModelRegistry.evaluate_for_production`."""

    def __init__(self, records: RegistryStore, files: Files, profiles: Mapping[str, GateProfile]) -> None:
        self._records = records
        self._files = files
        self._profiles = profiles

    def evaluate(
        self,
        name: str,
        version: int,
        criteria: Mapping[str, Any] | Iterable[AnyGate] | None,
        profile: str | GateProfile | None,
        *,
        keep: bool,
    ) -> GateReport:
        """Judge a version, and keep the report."""
        state = self._records.refreshed(name) if keep else self._records.state(name)
        record = self._records.check_files(name, version)
        chosen = self._choose_profile(state, record, criteria, profile)
        market = record.tags.get("market")
        gates = chosen.for_market(market)
        compared = any(isinstance(gate, NamedGate) and gate.name == BEATS_PRODUCTION for gate in gates)
        metrics = self._files.judged_metrics(record)
        evidence = Evidence(metrics, self._against_production(state, record) if compared else None)
        report = chosen.check(evidence, market, model_name=name, version=version)
        if keep:
            self._keep(state, record, report, compared=compared)
        return report

    def _choose_profile(
        self,
        state: ModelState,
        record: VersionState,
        criteria: Mapping[str, Any] | Iterable[AnyGate] | None,
        profile: str | GateProfile | None,
    ) -> GateProfile:
        """Criteria by hand, the profile named, or the one the version remembers, Production's, ``plan``."""
        if criteria is not None:
            return GateProfile(CUSTOM, as_gates(criteria))
        if profile is not None:
            return get_profile(profile, self._profiles)
        for known in (record, state.versions.get(state.aliases.get(Stage.PRODUCTION, 0))):
            named = known.tags.get("gate_profile") if known is not None else None
            if known is None or named is None or (named == CUSTOM and known is not record):
                continue
            return self._profile_of_report(state.name, known, named)
        return get_profile(_DEFAULT, self._profiles)

    def profile_of(self, name: str, version: int, profile: str | GateProfile | None) -> GateProfile:
        """Return the profile named, or the one that a version is judged by."""
        state = self._records.state(name)
        return self._choose_profile(state, state.version(version), None, profile)

    def _profile_of_report(self, name: str, record: VersionState, profile: str) -> GateProfile:
        if profile in self._profiles or profile in PROFILES:
            return get_profile(profile, self._profiles)
        path = f"{gates_folder(name, record.version)}/{_report_name(profile)}.json"
        if path not in self._files.names(record.run_id, gates_folder(name, record.version)):
            message = (
                f"{name} version {record.version} is judged by profile {profile!r}, which is not known here and of "
                "which its run keeps no report: name the profile again (--gates, profile=)."
            )
            raise TrackingError(message)
        return rebuild_profile(self._files.json(record.run_id, path))

    def _keep(self, state: ModelState, record: VersionState, report: GateReport, *, compared: bool) -> None:
        """Keep a report: files in the version's folder, and tags, unless the version stands on an earlier verdict."""
        named = record.tags.get("gate_profile")
        settled = record.stage is Stage.PRODUCTION or rolled_back(state.history, record.version) is not None
        binding = named in (None, CUSTOM, report.profile)
        file = _report_name(report.profile) + (f"_recheck_{stamp()}" if settled else "")
        checked = moment()
        content = {**report.as_dict(), "checked_at": checked}
        title = f"# Gates of {state.name} version {record.version}, {checked}"
        place = f"{gates_folder(state.name, record.version)}/{file}"
        files: dict[str, Any] = {f"{place}.json": content, f"{place}.md": f"{title}\n\n{report.markdown()}\n"}
        if binding and not settled and not self._run_was_judged(state.name, record):
            files["gate_report.json"] = content
        self._files.keep(record, files)
        self._records.note_version(state.name, record.version, f"Gates: {report.profile}", report.markdown())
        failed = ", ".join(result.gate.key for result in report.failures) or "none"
        against = str(state.aliases.get(Stage.PRODUCTION, "none"))
        if settled:
            tags = {"recheck_verdict": report.verdict.value, "recheck_profile": report.profile, "recheck_at": checked}
        elif binding:
            tags = {"gate_profile": report.profile, "gate_failed": failed, "gate_checked_at": checked}
            tags |= {"gate_against": against} if compared else {}
            tags["gate_verdict"] = report.verdict.value  # last: a verdict is never seen with another profile's name
        else:
            tags = {verdict_tag(report.profile): report.verdict.value}
        if not report.passed and "gate_verdict" in tags:
            tags = {"gate_verdict": tags["gate_verdict"], **tags}
        self._records.tag_version(state.name, record.version, tags)

    def _run_was_judged(self, name: str, record: VersionState) -> bool:
        """Whether another version of the same run has been judged: the run's one ``gate_report.json`` is its own."""
        with store_errors(f"Reading the versions of run {record.run_id}", self._records.uri):
            found = self._records.client.search_model_versions(f"run_id = '{record.run_id}'") if record.run_id else []
        others = [each for each in found if (each.name, int(each.version)) != (name, record.version)]
        return any("gate_checked_at" in each.tags for each in others)

    def holder_profile(self, name: str, version: int) -> GateProfile | None:
        """Return the profile under which another version is in Production, where it is not the version's own."""
        state = self._records.state(name)
        other = holder_profile(state, version)
        if other is None or other == state.version(version).tags.get("gate_profile"):
            return None
        return self._profile_of_report(name, state.find(), other)

    # -- the comparison with Production ---------------------------------------------------------------------------

    def _against_production(self, state: ModelState, record: VersionState) -> Challenge:
        """The version against the one in Production, on the predictions that both runs keep."""
        holder = state.aliases.get(Stage.PRODUCTION)
        if holder is None or holder == record.version:
            return Challenge()
        standing = state.version(holder)
        refusal = self._differences(record, standing)
        if refusal:
            return Challenge(holder, refusal=refusal)
        new, old = (self._files.table(version.run_id, _PREDICTIONS) for version in (record, standing))
        return challenge(new, old, holder)

    def _differences(self, record: VersionState, standing: VersionState) -> str:
        """Why the runs of two versions cannot be compared whatever their rows; empty where they can."""
        runs = self._records.runs([record.run_id, standing.run_id])
        for version in (record, standing):
            run = runs.get(version.run_id)
            if run is None or run.info.lifecycle_stage != "active":
                return f"the run of version {version.version} is gone"
            if _PREDICTIONS not in self._files.names(version.run_id):
                return f"the run of version {version.version} keeps no {_PREDICTIONS}"
        new, old = (runs[version.run_id].data for version in (record, standing))
        pairs = {key: (new.tags.get(key), old.tags.get(key)) for key in _SAME}
        pairs["decision time"] = (new.params.get("decision"), old.params.get("decision"))
        differing = [
            f"{key} is {mine} here and {theirs} there" for key, (mine, theirs) in pairs.items() if mine != theirs
        ]
        return "; ".join(differing)


def _report_name(profile: str) -> str:
    return f"gate_report_{unique_file_name(profile)}"
