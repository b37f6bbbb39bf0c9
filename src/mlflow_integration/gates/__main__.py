"""`python -m mlflow_integration.gates` prints the registered profiles as the Markdown table of docs/metrics.md."""

from __future__ import annotations

import sys

from mlflow_integration.gates import PROFILES, AnyGate, Gate


def _text(gate: AnyGate) -> str:
    return f"`{gate.key} {gate.comparison} {gate.threshold:g}`" if isinstance(gate, Gate) else f"`{gate.key}`"


def profile_table() -> str:
    """One row per profile: its name and its gates."""
    rows = [f"| `{name}` | {', '.join(map(_text, profile.gates))} |" for name, profile in PROFILES.items()]
    return "\n".join(["| profile | gates |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(profile_table())
