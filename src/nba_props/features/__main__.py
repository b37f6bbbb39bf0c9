"""`python -m nba_props.features` prints the catalogue as the Markdown tables of docs/features.md."""

from __future__ import annotations

import sys
from itertools import groupby

from nba_props.features import Feature, catalogue

_TIERS = {1: "core performance", 2: "context", 3: "temporal"}


def _group(feature: Feature) -> tuple[int, str]:
    return feature.tier, feature.group


def catalogue_tables() -> str:
    """One Markdown table per feature group: name, look-back, meaning."""
    lines = []
    for (tier, group), features in groupby(catalogue(), key=_group):
        rows = list(features)
        lines += [f"### `{group}` (tier {tier}, {_TIERS[tier]}): {len(rows)} features", ""]
        lines += ["| feature | looks back on | what it says |", "|---|---|---|"]
        lines += [f"| `{feature.name}` | {feature.look_back} | {feature.description} |" for feature in rows]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(catalogue_tables())
