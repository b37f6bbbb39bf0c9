"""Adds the metrics of ``metrics.toml``, which is the table of every metric the project logs, to the registry."""

from __future__ import annotations

import tomllib
from pathlib import Path

from nba_props.metrics.metric import METRICS, Metric

_TABLE = tomllib.loads(Path(__file__).with_name("metrics.toml").read_text(encoding="utf-8"))

for _group, _metrics in _TABLE.items():
    _folder = _metrics.pop("folder", "")  # of all under the heading but headline ones and those with their own
    for _key, _fields in _metrics.items():
        _own = "" if _fields.get("headline") else _folder
        METRICS.add(_key, Metric(_key, group=_group, **{"folder": _own, **_fields}))
