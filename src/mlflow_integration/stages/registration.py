"""How a logged model becomes the next version of a registered one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.stages.rules import Stage
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import fluent_store, load_mlflow
from mlflow_integration.store.model_files import version_tags
from mlflow_integration.store.search import linked_model_ids
from mlflow_integration.values.arguments import as_mapping
from nba_props.errors import TrackingError, UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_integration.stages.records import RegistryStore

_NAME: Final = re.compile(r"[\w. -]{1,200}")
_MAX_TAG_KEY: Final = 250
_MAX_TAG: Final = 100_000
_CARRIED: Final = ("market", "data_fingerprint", "data_kind")
_RESERVED: Final = ("gate_", "staging_", "rolled_back", "degradation")


def check_model_name(name: str) -> str:
    """Return `name` if a registered model can have it, else raise UnknownModelError."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not name.strip(" ."):
        message = f"{name!r} cannot be a model name: letters, digits, '_', '-', '.' and spaces only."
        raise UnknownModelError(message)
    return name


def _check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags that MLflow would refuse only after it has created the model.

    Raises:
        TrackingError: A key is not a text of 1 to 250 characters or is one that verdicts are kept under, or a value is
            over 100,000 characters long.
    """
    for key, value in tags.items():
        if not isinstance(key, str) or not 0 < len(key.strip()) <= len(key) <= _MAX_TAG_KEY:
            message = f"The key of a tag is a text of 1 to {_MAX_TAG_KEY} characters, not {str(key)[:50]!r}."
            raise TrackingError(message)
        if key.startswith(_RESERVED):
            message = f"The tag {key!r} is the registry's own: verdicts are given by gates, not at registration."
            raise TrackingError(message)
        if len(value) > _MAX_TAG:
            message = f"The tag {key!r} has {len(value):,} characters; a version's tag holds {_MAX_TAG:,}."
            raise TrackingError(message)


def register_version(
    records: RegistryStore,
    run_id: str,
    model_name: str,
    tags: Mapping[str, Any] | None = None,
    *,
    model_id: str | None = None,
    description: str | None = None,
    gate_profile: str | None = None,
    allow_code: bool = False,
) -> int:
    """Register the model of a run as the next version; arguments and errors as for `ModelRegistry.register_model`."""
    check_model_name(model_name)
    if not isinstance(run_id, str):
        message = f"Pass the id of a run (run.run_id), not {run_id!r}."
        raise UnknownModelError(message)
    own = {key: str(value) for key, value in as_mapping("Tags", tags or {}).items()}
    _check_tags(own)
    mlflow = load_mlflow()
    client = records.client
    doing = store_errors(f"Registering the model of run {run_id}", records.uri)
    with doing, fluent_store(records.uri):  # MLflow looks the model up in its global store
        run = client.get_run(run_id)
        chosen = _model_of(client, run, model_id)
        kept = version_tags(client, records.uri, chosen, run.data.tags, allow_code=allow_code)
        try:
            client.create_registered_model(model_name)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            records.refreshed(model_name)  # a version of ours would hide the stages of a model that is not ours yet
        carried = {key: run.data.tags[key] for key in _CARRIED if key in run.data.tags}
        if gate_profile:
            carried["gate_profile"] = gate_profile
        made = client.create_model_version(
            model_name,
            source=f"models:/{chosen}",
            run_id=run_id,
            tags={**carried, **own, **kept, "stage": Stage.NONE.value},
            description=description,
            model_id=chosen,
        )
        _name_version(client, chosen, model_name, str(made.version))
    records.describe(model_name)
    return int(made.version)


def _model_of(client: MlflowClient, run: Run, model_id: str | None) -> str:
    """The model named, or the only one of the run."""
    run_id = run.info.run_id
    known = linked_model_ids(run)
    if model_id is None and len(known) > 1:
        named = sorted(f"{each} ({client.get_logged_model(each).name})" for each in known)
        message = (
            f"Run {run_id} has logged {len(known)} models: name one, model_id=... It is one of {', '.join(named)}."
        )
        raise UnknownModelError(message)
    chosen = model_id or next(iter(known), None)
    if chosen is None:
        message = f"Run {run_id} has logged no model; log one with tracker.log_model before registering it."
        raise UnknownModelError(message)
    if client.get_logged_model(chosen).source_run_id != run_id:
        message = f"Model {chosen} was logged by another run than {run_id}, whose metrics would judge it."
        raise UnknownModelError(message)
    return chosen


def _name_version(client: MlflowClient, model_id: str, model_name: str, version: str) -> None:
    """Tag the logged model with its version, for its page: a server does so by itself, a database does not."""
    from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

    known = json.loads(client.get_logged_model(model_id).tags.get(MLFLOW_MODEL_VERSIONS, "[]"))
    entry = {"name": model_name, "version": version}
    if not any((each["name"], str(each["version"])) == (model_name, version) for each in known):
        client.set_logged_model_tags(model_id, {MLFLOW_MODEL_VERSIONS: json.dumps([*known, entry])})
