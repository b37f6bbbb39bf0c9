"""The files of a logged model: their digests, whether they are still those that were logged, and what runs on load.

A digest tells that a file has changed. It is not a signature: who can write to the database can change both.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import fluent_store, load_mlflow
from nba_props.errors import ModelFilesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.tracking import MlflowClient

    from mlflow_integration.values.types import AnyValue


DIGEST_TAG: Final = "model_digest"
FILES_TAG: Final = "model_files"
ALLOWED_TAG: Final = "allow_code"
_MAX_FILES_TAG: Final = 4_500  # a logged model's tag holds 5,000 characters
_WRITTEN_LATER: Final = frozenset({"registered_model_meta"})  # by MLflow, when it downloads a registered version
_SAFE_LOADERS: Final = frozenset({"mlflow.xgboost", "mlflow.lightgbm", "mlflow.sklearn"})
SAFE_PACKAGES: Final = ("sklearn.", "numpy.", "scipy.", "lightgbm.", "xgboost.", "collections.")
_BOOSTER: Final = "lightgbm.basic.Booster"
_PICKLES: Final = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill")


@dataclass(frozen=True)
class Digest:
    """The digest of a model's files.

    Attributes:
        files: Path below the model's folder to SHA-256 of the content.

    >>> Digest({"MLmodel": "ab", "model.json": "cd"}).changes(Digest({"MLmodel": "ab", "model.json": "ce", "x": "0"}))
    'changed: model.json; added: x'
    """

    files: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path) -> Digest:
        """Hash every file below `folder`, ``MLmodel`` included."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        named = ((path.relative_to(folder).as_posix(), path) for path in paths)
        return cls({name: file_sha256(path) for name, path in named if name not in _WRITTEN_LATER})

    @property
    def value(self) -> str:
        """One SHA-256 over names and digests of all files."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return f"sha256:{hashlib.sha256(lines.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def tags(self) -> dict[str, str]:
        """The digest as tags; the one per file is left out where it is too long."""
        listed = json.dumps(dict(self.files), separators=(",", ":"))
        return {DIGEST_TAG: self.value, **({FILES_TAG: listed} if len(listed) <= _MAX_FILES_TAG else {})}

    def changes(self, now: Digest) -> str:
        """Say which files of `now` are not those of this digest."""
        changed = sorted(name for name in self.files.keys() & now.files.keys() if self.files[name] != now.files[name])
        found = {
            "changed": changed,
            "added": sorted(now.files.keys() - self.files.keys()),
            "missing": sorted(self.files.keys() - now.files.keys()),
        }
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in found.items() if names)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_on_load(folder: Path) -> tuple[str, ...]:
    """Name what of a model runs code when it is loaded: pickles, own code, loaders and types that nobody knows.

    There is one phrase per finding; none for XGBoost's and LightGBM's own formats and for skops with known types.

    Raises:
        ModelFilesError: ``MLmodel`` cannot be read.
    """
    yaml: AnyValue = importlib.import_module("yaml")  # MLflow brings it; it has no types
    path = folder / "MLmodel"
    if not path.exists():
        return ()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        flavors: dict[str, dict[str, Any]] = {name: dict(each or {}) for name, each in content["flavors"].items()}
    except (
        AttributeError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        yaml.YAMLError,
    ) as error:
        message = f"MLmodel of the model cannot be read ({type(error).__name__}): it is not a model that was logged."
        raise ModelFilesError(message) from error
    found = [f"{file.relative_to(folder)} (pickle)" for file in sorted(folder.rglob("*")) if file.suffix in _PICKLES]
    loader = str(flavors.get("python_function", {}).get("loader_module", ""))
    if loader in _SAFE_LOADERS and loader.removeprefix("mlflow.") not in flavors:
        found.append(f"loader_module {loader} without its flavour")
    for flavor, settings in sorted(flavors.items()):
        found += _code_of_flavor(flavor, settings)
    return tuple(dict.fromkeys(found))


def _code_of_flavor(flavor: str, settings: dict[str, Any]) -> Iterator[str]:
    loader = settings.get("loader_module")
    if loader is not None and loader not in _SAFE_LOADERS:
        yield f"loader_module {loader}"
    if settings.get("code") or settings.get("model_code_path"):
        yield f"code of its own ({settings.get('code') or settings.get('model_code_path')})"
    native = flavor == "lightgbm" and settings.get("model_class", _BOOSTER) == _BOOSTER
    if flavor in {"sklearn", "lightgbm"} and not native and settings.get("serialization_format") != "skops":
        yield f"{flavor} as {settings.get('serialization_format') or 'pickle'}"
    for place in (str(settings.get(key) or "") for key in ("data", "pickled_model")):
        if PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
            yield f"the file {place}, outside the model"
    for name in settings.get("skops_trusted_types") or ():
        if not str(name).startswith(SAFE_PACKAGES):
            yield f"the type {name}"
    kind = str(settings.get("model_class") or "")
    if kind and not kind.startswith(SAFE_PACKAGES):
        yield f"the class {kind}"
    if flavor not in {"python_function", "sklearn", "xgboost", "lightgbm"}:
        yield f"the flavour {flavor}"


@contextmanager
def downloaded(uri: str, source: str) -> Iterator[Path]:
    """Copy a model's files to a folder of their own, so that nobody changes them between the check and the load.

    The folder is removed afterwards; it is empty where the model has no files.
    """
    folder = Path(tempfile.mkdtemp(prefix="nba_props_model_"))
    try:
        yield _download(uri, source, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(uri: str, source: str, folder: Path) -> Path:
    mlflow = load_mlflow()
    with store_errors(f"Reading the files of {source}", uri), fluent_store(uri):
        try:
            return Path(mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=str(folder)))
        except OSError as error:
            if _is_gone(error):
                return folder
            message = f"The files of {source} cannot be read: {error.strerror or error}"
            raise ModelFilesError(message) from error
        except mlflow.exceptions.MlflowException as error:
            if _is_gone(error):
                return folder
            raise


def _is_gone(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError) or "No such" in str(error) or "404" in str(error)


def check_files(folder: Path, expected: Mapping[str, str], what: str) -> Digest:
    """Refuse (ModelFilesError) a model whose files have another digest than the tags `expected`, if they hold one."""
    now = Digest.of(folder)
    recorded = expected.get(DIGEST_TAG)
    if recorded is not None and recorded != now.value:
        listed = expected.get(FILES_TAG)
        changes = Digest(json.loads(listed)).changes(now) if listed else ""
        message = (
            f"The files of {what} are not those that were logged ({changes or 'their digest differs'}): it is not "
            "used. Log and register the model again, or restore its files."
        )
        raise ModelFilesError(message)
    return now


def check_code(folder: Path, expected: Mapping[str, str], what: str, *, allow_code: bool) -> tuple[str, ...]:
    """Refuse a model that runs code when it is loaded, unless somebody has allowed it.

    Returns:
        What runs.

    Raises:
        ModelFilesError: It runs code, and neither `allow_code` nor the recorded tags allow it.
    """
    found = code_on_load(folder)
    if found and not allow_code and expected.get(ALLOWED_TAG) != "true":
        message = (
            f"{what} runs code when it is loaded: {'; '.join(found)}. If you trust where it comes from, pass "
            "allow_code=True when it is logged, registered or loaded."
        )
        raise ModelFilesError(message)
    return found


def _expected(client: MlflowClient, uri: str, model_id: str, run_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a logged model, with the digest that its run keeps."""
    with store_errors(f"Reading model {model_id}", uri):
        logged = dict(client.get_logged_model(model_id).tags)
    of_run = run_tags.get(f"{DIGEST_TAG}.{model_id}")
    if of_run is not None and logged.get(DIGEST_TAG) not in (None, of_run):
        message = f"The digest kept with model {model_id} is not the one kept with its run: it is not used."
        raise ModelFilesError(message)
    return {**logged, **({DIGEST_TAG: of_run} if of_run else {})}


def load_logged(client: MlflowClient, uri: str, model_id: str, run_tags: Mapping[str, str]) -> AnyValue:
    """Load the model of a run as a pyfunc model, from a copy of the files checked by the digest in the run's tags.

    Raises:
        ModelFilesError: As for `version_tags`.
    """
    tags = _expected(client, uri, model_id, run_tags)
    return load_checked(uri, f"model {model_id}", f"models:/{model_id}", tags, allow_code=False)


def version_tags(
    client: MlflowClient, uri: str, model_id: str, run_tags: Mapping[str, str], *, allow_code: bool
) -> dict[str, str]:
    """Check a logged model that is about to be registered; return the tags that its version keeps.

    A model that was logged without this package has no digest yet: its version gets the one of now.

    Raises:
        ModelFilesError: Its files are not those that were logged, or run code that nobody allowed.
    """
    expected = _expected(client, uri, model_id, run_tags)
    with downloaded(uri, f"models:/{model_id}") as folder:
        digest = check_files(folder, expected, f"model {model_id}")
        code = check_code(folder, expected, f"Model {model_id}", allow_code=allow_code)
    return {**digest.tags(), **({ALLOWED_TAG: "true"} if code else {})}


def check_version(uri: str, what: str, source: str, tags: Mapping[str, str]) -> None:
    """Check the files of a registered version against the digest that it keeps.

    A version registered by plain MLflow keeps none: only what it runs on load is checked.

    Raises:
        ModelFilesError: As for `version_tags`.
    """
    with downloaded(uri, source) as folder:
        check_files(folder, tags, what)
        check_code(folder, tags, what, allow_code=False)


def load_checked(uri: str, what: str, source: str, tags: Mapping[str, str], *, allow_code: bool) -> AnyValue:
    """Load a version as a pyfunc model, from a copy of the files that was checked.

    Raises:
        ModelFilesError: As for `version_tags`.
    """
    mlflow = load_mlflow()
    folder = Path(tempfile.mkdtemp(prefix="nba_props_model_"))
    try:
        files = _download(uri, source, folder)
        check_files(files, tags, what)
        check_code(files, tags, what, allow_code=allow_code)
        with store_errors(f"Loading {what}", uri), fluent_store(uri):
            model = mlflow.pyfunc.load_model(str(files))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(model, shutil.rmtree, folder, ignore_errors=True)  # a model may read more files as it predicts
    return model
