"""The total deadline of a call to a server: a call that hangs is given up after a fixed time, with a message."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, TypeVar

from mlflow_integration.store.location import SERVER_COMMAND
from mlflow_integration.values.deadline import deadline_seconds
from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable


Result = TypeVar("Result")


def within_deadline(uri: str, doing: str, work: Callable[[], Result]) -> Result:
    """Do `work` and return its result; a server gets no more than the deadline, however slowly it answers.

    A call that is given up may still complete later, so it must be repeatable.

    Raises:
        StoreError: The deadline has passed; the message says what was being done.
    """
    if not uri.startswith("http"):
        return work()
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - re-raised by the caller's thread
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(deadline_seconds())
    if errors:
        raise errors[0]
    if not results:
        message = (
            f"{doing}: the tracking server at {mask_secrets(uri)} has not answered within {deadline_seconds():g} s. "
            f"Start one with\n    {SERVER_COMMAND}"
        )
        raise StoreError(message)
    return results[0]
