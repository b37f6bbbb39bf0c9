"""Refusals of a server, put into words; and MLflow's workspaces, which this project does not support."""

from __future__ import annotations

import os
import re
from typing import Final

from nba_props.errors import StoreError

_UNKNOWN: Final = re.compile(r"error code 401\b|\b401 Client Error|You are not authenticated")
_DENIED: Final = re.compile(r"error code 403\b|\b403 Client Error|Permission denied\b.*API request|PERMISSION_DENIED")


def access_refused(text: str) -> str:
    """Say why a server refused, and what to do; an empty text where it is about something else.

    >>> access_refused("API request to endpoint /x failed with error code 404 != 200.")
    ''
    """
    user = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    if _UNKNOWN.search(text):
        given = f"user {user!r} with that password" if user else "anybody without a name"
        return f"the server does not let in {given}. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
    if _DENIED.search(text):
        return (
            f"user {user!r} has no permission for this. An administrator, or whoever made the experiment or the model, "
            "can grant it (docs/operations.md, 'Permissions'); or work in an experiment of your own."
        )
    return ""


def refuse_workspaces() -> None:
    """Refuse MLflow's workspaces (StoreError), which only its own requests know of."""
    name = os.environ.get("MLFLOW_WORKSPACE", "")
    enabled = os.environ.get("MLFLOW_ENABLE_WORKSPACES", "").lower() in {"true", "1"}
    if name or enabled:
        what = f"MLFLOW_WORKSPACE={name}" if name else "MLFLOW_ENABLE_WORKSPACES"
        message = (
            f"{what}: workspaces are not supported. Runs that wait in a spool, dead runs and moved stores belong to a "
            "store, not to a workspace, and could end up in another one. Unset it; a team's own place is a database."
        )
        raise StoreError(message)
