"""`python -m mlflow_integration.commands` prints the commands as the Markdown table of the documentation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from typer.main import get_command

from mlflow_integration.commands import compare_experiments, setup_experiments, test_tracking

if TYPE_CHECKING:
    from collections.abc import Iterator


def command_table() -> str:
    """One row per command: what is typed, and the first sentence of its help."""
    lines = ["| command | does |", "|---|---|"]
    lines += [f"| `{name}` | {about} |" for name, about in _commands()]
    return "\n".join(lines) + "\n"


def _commands() -> Iterator[tuple[str, str]]:
    for module in (setup_experiments, test_tracking, compare_experiments):
        name = f"{module.__name__.rpartition('.')[2]}.py"
        command = get_command(module.app)
        for title, verb in getattr(command, "commands", {"": command}).items():
            about = (verb.help or "").strip().split("\n\n")[0].replace("\n", " ")
            yield f"{name} {title}".strip(), about


if __name__ == "__main__":
    sys.stdout.write(command_table())
