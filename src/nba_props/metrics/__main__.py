"""`python -m nba_props.metrics` prints the table of metrics as the Markdown tables of docs/metrics.md."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import Final

from nba_props.metrics import METRICS, Metric

_BETTER: Final = {"min": "less", "max": "more", "same": "as of the metric", None: ""}


def _row(metric: Metric) -> str:
    key = f"**`{metric.key}`**" if metric.headline else f"`{metric.key}`"
    unit = "as of the metric" if metric.unit == "same" else metric.unit
    folder = f"`{metric.folder}/`" if metric.folder else ""
    return f"| {key} | {folder} | {unit} | {_BETTER[metric.direction]} | {metric.meaning} |"


def metric_tables() -> str:
    """One Markdown table per group: key, folder in the UI, unit, which side is better, meaning."""
    lines: list[str] = []
    for group, metrics in groupby((metric for _, metric in METRICS.items()), key=lambda metric: metric.group):
        lines += [f"### {group}", "", "| key | folder | unit | better | meaning |", "|---|---|---|---|---|"]
        lines += [*map(_row, metrics), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(metric_tables())
