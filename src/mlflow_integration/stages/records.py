"""The requests of the registry: a consistent reading of one model, and the few writes that move a stage.

A move is: write the history entry (pending), move the alias (the one step that counts, atomic), bring the copies up to
date, confirm the entry. A process may die between any two of these: a reader goes by the alias, so it finds the old or
the new version, and the next move brings stale copies up to date.
"""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlflow_integration.stages.descriptions import describe_model
from mlflow_integration.stages.outside import TAKEN_OVER, native_holders, outside_moves
from mlflow_integration.stages.rules import (
    ALIASED,
    TRANSITION_PREFIX,
    Stage,
    Transition,
    Why,
    effective_stage,
    moment,
    read_history,
    read_pending,
)
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.model_files import check_version
from mlflow_integration.store.search import pages, with_plain_metrics
from mlflow_integration.values.arguments import as_version
from mlflow_integration.values.markdown import with_section
from nba_props.errors import UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

    from mlflow_integration.store.location import Store


MAX_ROUNDS = 5


def current_user() -> str:
    """Return the name of the user: ``NBA_PROPS_USER``, else the login name, else ``unknown``."""
    named = os.environ.get("NBA_PROPS_USER")
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without a user database
        return "unknown"


@dataclass(frozen=True)
class VersionState:
    """One version as it is recorded.

    Attributes:
        stage: Its real stage.
        source: URI of its files, as MLflow records it.
        native_stage: MLflow's own deprecated stage.
        created: When it was registered, in milliseconds since 1970.
    """

    version: int
    stage: Stage
    run_id: str
    source: str
    tags: Mapping[str, str]
    native_stage: str
    created: int


@dataclass(frozen=True)
class ModelState:
    """One registered model as it is recorded.

    Attributes:
        aliases: Alias to version.
        tags: Tags of the registered model.
        versions: Its versions by number, ascending.
        native: Whether the aliases are read from MLflow's own stages, which are all this model knows so far.
    """

    name: str
    aliases: Mapping[str, int]
    tags: Mapping[str, str]
    versions: Mapping[int, VersionState] = field(default_factory=dict)
    description: str = ""
    native: bool = False

    @property
    def history(self) -> list[Transition]:
        """All transitions, oldest first; those made outside that no entry records yet come last."""
        return [*read_history(self.tags, self.aliases), *self.unrecorded]

    @property
    def unrecorded(self) -> list[Transition]:
        """What the aliases tell of and the history does not: moves by hand or by another client."""
        if self.native:
            return []
        recorded = read_history(self.tags, self.aliases)
        return outside_moves(recorded, self.aliases, under_way=read_pending(self.tags))

    @property
    def is_stale(self) -> bool:
        """Whether a copy disagrees with the aliases, or one version holds both."""
        both = self.aliases.get(Stage.PRODUCTION)
        doubled = both is not None and both == self.aliases.get(Stage.STAGING)
        return doubled or any(record.tags.get("stage") != record.stage for record in self.versions.values())

    def version(self, number: int) -> VersionState:
        """Return one version; UnknownModelError, naming the ones that exist, where there is no such version."""
        if number not in self.versions:
            listed = ", ".join(map(str, self.versions)) or "none"
            message = f"Model {self.name!r} has no version {number}; it has: {listed}."
            raise UnknownModelError(message)
        return self.versions[number]

    def find(self, version: int | str | None = None, stage: str | Stage | None = None) -> VersionState:
        """Return one version, or the one that holds a stage (Production by default).

        Raises:
            UnknownModelError: Both are named, there is no such version, or none holds the stage.
        """
        if version is not None and stage is not None:
            message = f"Name a version or a stage of {self.name}, not both."
            raise UnknownModelError(message)
        if version is not None:
            return self.version(as_version(version))
        wanted = Stage.parse(stage or Stage.PRODUCTION)
        if wanted in (Stage.NONE, Stage.ARCHIVED):
            message = f"Many versions can be in stage {wanted}: name one by its number."
            raise UnknownModelError(message)
        holder = self.aliases.get(wanted)
        if holder is None:
            message = f"Model {self.name!r} has no version in {wanted}."
            raise UnknownModelError(message)
        return self.version(holder)


def _check_name(name: str) -> None:
    """Refuse what is not a name (UnknownModelError): a server would answer it with a TypeError."""
    if not isinstance(name, str) or not name.strip():
        message = f"{name!r} is not the name of a model: give a text, such as 'NBAProps_pts'."
        raise UnknownModelError(message)


class RegistryStore:
    """Reads and writes of the registry; a client that is not given is opened at the first request."""

    def __init__(self, store: Store, client: MlflowClient | None = None) -> None:
        self.store = store
        self.uri = store.uri
        if client is not None:
            self.client = client

    @cached_property
    def client(self) -> MlflowClient:
        """Plain MLflow client of the store."""
        return self.store.client(create=False)

    # -- reading --------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Return the names of all registered models, sorted."""
        with store_errors("Listing the registered models", self.uri):
            return sorted(model.name for model in pages(self.client.search_registered_models, max_results=500))

    def head(self, name: str) -> ModelState:
        """Return aliases and tags of a model in one request, without its versions.

        Raises:
            UnknownModelError: There is no such model; names the ones that exist.
        """
        mlflow = load_mlflow()
        _check_name(name)
        with store_errors(f"Reading model {name!r}", self.uri):
            try:
                model = self.client.get_registered_model(name)
            except mlflow.exceptions.MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                message = f"There is no registered model {name!r}. There are: {', '.join(self.names()) or 'none'}."
                raise UnknownModelError(message) from error
        aliases = {alias: int(version) for alias, version in dict(model.aliases).items()}
        tags = dict(model.tags)
        known = ModelState(name, aliases, tags, description=model.description or "")
        if aliases.keys() & set(ALIASED) or any(key.startswith(TRANSITION_PREFIX) for key in tags):
            return known
        held = self._native_holders(name)
        return replace(known, aliases={**aliases, **held}, native=True) if held else known

    def _native_holders(self, name: str) -> dict[str, int]:
        """Who holds Staging and Production in a model that was never moved here, by MLflow's own stages."""
        versions = self._versions(name)
        if any("stage" in version.tags for version in versions):  # registered here: the alias is the truth
            return {}
        return native_holders({int(version.version): version.current_stage for version in versions})

    def state(self, name: str) -> ModelState:
        """Return a model with all its versions."""
        records = self._versions(name)  # before the aliases: a version promoted meanwhile is then still listed
        head = self.head(name)
        versions = {}
        for record in sorted(records, key=lambda each: int(each.version)):
            number = int(record.version)
            tags = dict(record.tags)
            versions[number] = VersionState(
                version=number,
                stage=effective_stage(number, head.aliases, tags.get("stage")),
                run_id=record.run_id or "",
                source=record.source or "",
                tags=tags,
                native_stage=record.current_stage or Stage.NONE,
                created=int(record.creation_timestamp or 0),
            )
        return replace(head, versions=versions)

    def _versions(self, name: str) -> list[ModelVersion]:
        quote = '"' if "'" in str(name) else "'"  # plain MLflow lets names hold either
        wanted = f"name={quote}{name}{quote}"
        with store_errors(f"Reading the versions of model {name!r}", self.uri):
            return list(pages(self.client.search_model_versions, filter_string=wanted, max_results=1000))

    def runs(self, run_ids: Iterable[str]) -> dict[str, Run]:
        """Return several runs by id; those that are gone are missing from the result."""
        mlflow = load_mlflow()
        found: dict[str, Run] = {}
        for run_id in {run_id for run_id in run_ids if run_id}:
            with store_errors(f"Reading run {run_id}", self.uri):
                try:
                    found[run_id] = with_plain_metrics(self.client.get_run(run_id))
                except mlflow.exceptions.MlflowException as error:
                    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                        raise
        return found

    def run_metrics(self, record: VersionState) -> dict[str, float]:
        """Return the metrics of a version's run; none where the run is gone, or deleted because it should not count."""
        run = self.runs([record.run_id]).get(record.run_id)
        return dict(run.data.metrics) if run and run.info.lifecycle_stage == "active" else {}

    def check_files(self, name: str, version: int) -> VersionState:
        """Return a version; refuse one whose files are not those that were logged (`model_files.check_version`)."""
        record = self.state(name).version(version)
        check_version(self.uri, f"{name} version {version}", record.source, record.tags)
        return record

    # -- writing --------------------------------------------------------------------------------------------------

    def tag_version(self, name: str, version: int, tags: Mapping[str, Any]) -> None:
        """Set tags of one version."""
        with store_errors(f"Tagging {name} version {version}", self.uri):
            for key, value in tags.items():
                self.client.set_model_version_tag(name, str(version), key, str(value))

    def refreshed(self, name: str) -> ModelState:
        """Return a model with all its versions, once what was done to it outside is recorded in its history."""
        state = self.state(name)
        if state.native:
            self._take_over(state)
        elif state.unrecorded:
            with store_errors(f"Recording what happened to {name} outside", self.uri):
                for found in state.unrecorded:
                    self._record(name, found)
                self.settle(name)
        else:
            return state
        return self.state(name)

    def _record(self, name: str, found: Transition) -> None:
        """Write an entry about something that has happened already."""
        why = Why(found.by, found.reason, found.override, found.kind)
        entry = Transition.start(
            found.version, (Stage.parse(found.from_stage), Stage.parse(found.to_stage)), why, found.previous
        )
        done = replace(entry, status="done", confirmed=moment())
        self.client.set_registered_model_tag(name, done.key, done.to_json())

    def _take_over(self, state: ModelState) -> None:
        """Give a model that knows MLflow's own stages only its aliases, stage tags and first history entries."""
        name = state.name
        with store_errors(f"Taking over the stages of {name}", self.uri):
            for record in state.versions.values():
                former = record.native_stage in (Stage.PRODUCTION, Stage.ARCHIVED)
                if former and record.version not in state.aliases.values():
                    self.client.set_model_version_tag(name, str(record.version), "stage", Stage.ARCHIVED.value)
            for stage in ALIASED:  # Production first: from then on the model counts as taken over
                holder = state.aliases.get(stage)
                if holder is None:
                    continue
                reason = f"{TAKEN_OVER} from MLflow's own stage {stage}"
                move = (Stage.NONE.value, stage.value)
                entry = Transition("", holder, *move, "", current_user(), reason, kind=TAKEN_OVER)
                self.client.set_registered_model_alias(name, stage.value, str(holder))
                self._record(name, entry)
            self.settle(name)

    def note_version(self, name: str, version: int, title: str, body: str) -> None:
        """Rewrite one section of a version's description; the rest of it stays."""
        with store_errors(f"Describing {name} version {version}", self.uri):
            text = self.client.get_model_version(name, str(version)).description or ""
            self.client.update_model_version(name, str(version), description=with_section(text, title, body))

    def move(self, name: str, version: int, target: Stage, why: Why) -> Transition:
        """Move one version to `target` and bring everything else in line.

        Returns:
            The confirmed history entry.
        """
        state = self.refreshed(name)
        if state.is_stale:  # an earlier process died here; the stage it left must be settled before the move
            self.settle(name)
            state = self.state(name)
        current = state.version(version).stage
        previous = state.aliases.get(target) if target in ALIASED else None
        entry = Transition.start(version, (current, target), why, previous if previous != version else None)
        with store_errors(f"Moving {name} version {version} to {target}", self.uri):
            self.client.set_registered_model_tag(name, entry.key, entry.to_json())
            if target in ALIASED:
                self.client.set_registered_model_alias(name, target.value, str(version))
            else:
                self.client.set_model_version_tag(name, str(version), "stage", target.value)
            for alias in ALIASED:
                if alias is not target and self.head(name).aliases.get(alias) == version:
                    self.client.delete_registered_model_alias(name, alias.value)
            self.settle(name)
            confirmed = moment()  # before the look at the alias: who moves it after that look is confirmed later
            overtaken = target in ALIASED and self.head(name).aliases.get(target) != version
            done = replace(entry, status="done", confirmed=confirmed, overtaken=overtaken)
            self.client.set_registered_model_tag(name, entry.key, done.to_json())
        self.describe(name)
        return done

    def describe(self, name: str) -> None:
        """Write where the versions of a model stand, and how they got there, into its description."""
        head = self.head(name)
        describe_model(self.client, self.uri, name, head.description, head.aliases, head.history)

    def settle(self, name: str) -> None:
        """Bring stage tags and native stages in line with the aliases; repeats while they are being moved."""
        for _ in range(MAX_ROUNDS):
            state = self._without_double(self.state(name))
            # Production first: MLflow moves the old one out of its own Production stage in the same transaction.
            for record in sorted(state.versions.values(), key=lambda each: each.stage is not Stage.PRODUCTION):
                if record.tags.get("stage") != record.stage:
                    self.client.set_model_version_tag(name, str(record.version), "stage", record.stage.value)
                if record.native_stage != record.stage:
                    self._write_native(name, record)
            if self.head(name).aliases == state.aliases:
                return

    def _without_double(self, state: ModelState) -> ModelState:
        """Take Staging from a version that also holds Production, left so by a process that died after promoting it."""
        holder = state.aliases.get(Stage.PRODUCTION)
        if holder is None or state.aliases.get(Stage.STAGING) != holder:
            return state
        with store_errors(f"Settling {state.name}", self.uri):
            self.client.delete_registered_model_alias(state.name, Stage.STAGING.value)
        return replace(
            state, aliases={alias: number for alias, number in state.aliases.items() if alias != Stage.STAGING}
        )

    def _write_native(self, name: str, record: VersionState) -> None:
        """Write MLflow's own stage, for ``models:/Name/Production`` and old dashboards, as long as it exists.

        The undecorated method: the decorated one warns, and silencing warnings is not safe between threads.
        """
        method = getattr(type(self.client), "transition_model_version_stage", None)
        if method is None:
            return
        getattr(method, "__wrapped__", method)(
            self.client,
            name,
            str(record.version),
            record.stage.value,
            archive_existing_versions=record.stage is Stage.PRODUCTION,
        )
