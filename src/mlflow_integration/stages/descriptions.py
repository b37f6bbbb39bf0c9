"""What the page of a registered model says first: where its versions stand, and how they got there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlflow_integration.stages.rules import ALIASED
from mlflow_integration.store.errors import store_errors
from mlflow_integration.values.markdown import markdown_table, with_section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow.tracking import MlflowClient

    from mlflow_integration.stages.rules import Transition

STANDING: Final = "Where it stands"
HISTORY: Final = "History"


def model_note(text: str, aliases: Mapping[str, int], history: Sequence[Transition]) -> str:
    """The description of a registered model: what was written by hand stays above the two sections."""
    holders = [f"{stage}: version {aliases[stage]}" for stage in ALIASED if stage in aliases]
    columns = ("when", "version", "from", "to", "by", "why")
    rows = [
        (entry.at[:16].replace("T", " "), entry.version, entry.from_stage, entry.to_stage, entry.by, entry.reason)
        for entry in reversed(history)
        if entry.status == "done"
    ]
    noted = with_section(text, STANDING, ". ".join(holders) or "No version is in Staging or Production.")
    return with_section(noted, HISTORY, markdown_table(columns, rows) if rows else "No version has moved yet.")


def describe_model(
    client: MlflowClient, uri: str, name: str, text: str, aliases: Mapping[str, int], history: Sequence[Transition]
) -> None:
    """Write the description of a registered model."""
    with store_errors(f"Describing model {name!r}", uri):
        client.update_registered_model(name, description=model_note(text, aliases, history))
