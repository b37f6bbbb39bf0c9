"""MLflow's exceptions turned into the project's own: one message, secrets masked, with the fix."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.location import SERVER_COMMAND, load_mlflow
from mlflow_integration.values.access_errors import access_refused
from mlflow_integration.values.database_errors import without_sql
from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator


_LOST: Final = re.compile(
    "Max retries exceeded|Connection refused|timed out|timeout exception|RemoteDisconnected|Connection aborted|"
    "Connection reset|Connection broken|NewConnectionError|error code 50[234]|50[234] Server Error"
)


def is_lost(error: BaseException) -> bool:
    """Return whether an error says that a server does not answer, and not that it refuses."""
    return isinstance(error, StoreError) or _LOST.search(f"{type(error).__name__}: {error}") is not None


@contextmanager
def store_errors(doing: str, uri: str = "") -> Iterator[None]:
    """Turn what MLflow raises inside the block into a `TrackingError` that says what was being done.

    Raises:
        StoreError: The server at `uri` stopped answering.
        TrackingError: Anything else that the store refused.
    """
    mlflow = load_mlflow()
    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        text = mask_secrets(str(error))
        if is_lost(error) and not uri.startswith("sqlite"):
            message = (
                f"{doing}: the tracking server at {mask_secrets(uri) or 'the configured URI'} does not answer. "
                f"Start one with\n    {SERVER_COMMAND}"
            )
            raise StoreError(message) from error
        message = f"{doing}: {access_refused(text) or without_sql(text)}"
        raise TrackingError(message) from error
