"""Scikit-learn models as skops: pickle runs code when it is loaded, skops builds named types only.

MLflow's own ``save_model`` writes the file indented, by a pure Python encoder, and loads it again to see whether the
trusted types suffice: three quarters of the whole time for a forest of 100 trees. Here the types are read from the
file.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.store.model_files import SAFE_PACKAGES
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_integration.values.types import AnyModel


MODEL_FILE: Final = "model.skops"
_PLAIN_LOADERS: Final = frozenset(
    {"CachedNode", "DictNode", "JsonNode", "ListNode", "NdArrayNode", "ObjectNode", "TreeNode", "TupleNode", "TypeNode"}
)
_PLAIN_BUILTIN_TYPES: Final = frozenset({"bool", "float", "int", "list", "str", "tuple"})  # trusted by skops itself
_LEAVES: Final = (str, int, float, NoneType)


def save_skops(model: AnyModel, arguments: dict[str, Any], trusted: Sequence[str]) -> None:
    """Write a scikit-learn model in MLflow's format, with the types it holds named as trusted.

    `arguments` are those of ``mlflow.sklearn.save_model``, ``path`` among them. The caller vouches for the types of
    unknown packages in `trusted`.

    Raises:
        TrackingError: The model holds types of other packages, or cannot be written as skops at all.
    """
    import mlflow.sklearn
    import skops.io
    from sklearn.dummy import DummyRegressor
    from sklearn.preprocessing import StandardScaler

    folder = Path(arguments["path"])
    content = folder.with_suffix(".skops")
    try:
        state = _write(model, content)
        held = _plain_types(state)
        if held is None:
            held = set(skops.io.get_untrusted_types(file=content))
    except (TypeError, ValueError, AttributeError, NotImplementedError, KeyError) as error:
        message = (
            f"A {type(model).__name__} cannot be written as skops ({error}). Wrap it in an mlflow.pyfunc.PythonModel."
        )
        raise TrackingError(message) from error
    strange = sorted(name for name in held if not name.startswith(SAFE_PACKAGES) and name not in trusted)
    if strange:
        message = (
            f"The model holds objects that skops does not trust: {', '.join(strange)}. If they are safe to load, "
            f"name them: log_model(..., trusted_types={strange})."
        )
        raise TrackingError(message)
    # MLflow's description depends only on whether the model predicts; then the file replaces the stand-in's.
    stand_in = DummyRegressor() if hasattr(model, "predict") else StandardScaler()
    types = sorted(held | set(trusted))
    mlflow.sklearn.save_model(stand_in, serialization_format="skops", skops_trusted_types=types, **arguments)
    content.replace(folder / MODEL_FILE)


def _write(model: AnyModel, path: Path) -> dict[str, Any] | None:
    """Write `model` as ``skops.io.dump`` does, without indentation, where skops' inner parts are as expected.

    Returns:
        The description; None where skops itself has written the file.
    """
    import skops.io

    try:
        from skops.io._utils import SaveContext, get_state
    except ImportError:
        skops.io.dump(model, path)
        return None
    with zipfile.ZipFile(path, "w") as archive:
        context = SaveContext(zip_file=archive)
        state: dict[str, Any] = get_state(model, context)
        context.clear_memo()
        state["protocol"] = context.protocol
        state["_skops_version"] = skops.__version__
        archive.writestr("schema.json", json.dumps(state))
    return state


def _plain_types(state: dict[str, Any] | None) -> set[str] | None:
    """Return the types that `state` names, if all are plain objects of known packages.

    Trusting a type that skops trusts anyway changes nothing, so all of them may be named; asking skops which
    ones it does not trust builds its whole tree once more.

    Returns:
        The types; None where skops must be asked (functions, rare types, other packages).
    """
    if state is None:
        return None
    names: set[str] = set()
    waiting: list[Any] = [state]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__class__" in node:
                if node.get("__loader__") not in _PLAIN_LOADERS:
                    return None
                if node["__module__"] != "builtins":
                    names.add(f"{node['__module__']}.{node['__class__']}")
                elif node["__loader__"] == "TypeNode" and node["__class__"] not in _PLAIN_BUILTIN_TYPES:
                    return None
            node = node.values()
        elif not isinstance(node, (list, tuple)):
            return None
        waiting += [value for value in node if not isinstance(value, _LEAVES)]
    return names if all(name.startswith(SAFE_PACKAGES) for name in names) else None
