"""Reports of experiments as Markdown or as one self-contained HTML file."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow_integration.reports.sections import ReportData, Section, TableData, gather
from mlflow_integration.reports.weekly import gather_week
from mlflow_integration.values.escape import markdown, terminal
from mlflow_integration.values.markdown import markdown_table
from mlflow_integration.values.secrets import masker
from mlflow_integration.values.show import number
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path


def generate_report(
    experiments: Sequence[str] | str | None = None,
    *,
    style: str = "markdown",
    days: float = 7.0,
    tracking_uri: str | Path | None = None,
    now: datetime | None = None,
) -> str:
    """Return a report: phases, best runs with the number tried, calibration, bets, segments, gates, what changed.

    Args:
        experiments: Names of experiments; all by default.
        style: ``"markdown"`` (no plots) or ``"html"`` (plots embedded, opens offline, light and dark).
        days: How far back "what changed" looks.
        tracking_uri: The store.
        now: The present, for tests.

    Raises:
        ConfigError: The style is unknown.
        UnknownExperimentError: An experiment does not exist.
    """
    write = _writer(style)
    return write(gather(experiments, tracking_uri=tracking_uri, days=days, now=now, images=style == "html"))


def generate_weekly_report(
    experiments: Sequence[str] | str | None = None,
    *,
    style: str = "markdown",
    days: float = 7.0,
    tracking_uri: str | Path | None = None,
) -> str:
    """Return the report of the week: activity, best of the week, what improved or moved, failures, models.

    Arguments and errors are those of `generate_report`.
    """
    write = _writer(style)
    return write(gather_week(experiments, days=days, tracking_uri=tracking_uri))


def _writer(style: str) -> Callable[[ReportData], str]:
    writers: dict[str, Callable[[ReportData], str]] = {"markdown": to_markdown, "html": to_html}
    if style not in writers:
        message = f"A report's style is one of {', '.join(writers)}, not {style!r}."
        raise ConfigError(message)
    write = writers[style]
    return lambda data: write(_clean(data))


def _clean(data: ReportData) -> ReportData:
    """The report without secrets and control characters in any of its texts."""
    mask = masker()

    def text(value: Any) -> Any:  # noqa: ANN401 - cells of any type
        return terminal(mask(value)) if isinstance(value, str) else value

    def table(given: TableData) -> TableData:
        return TableData(tuple(map(text, given.columns)), tuple(tuple(map(text, row)) for row in given.rows))

    sections = tuple(
        replace(
            section,
            title=text(section.title),
            text=text(section.text),
            points=tuple(map(text, section.points)),
            table=None if section.table is None else table(section.table),
            images=tuple((text(caption), content) for caption, content in section.images),
        )
        for section in data.sections
    )
    return ReportData(text(data.title), text(data.subtitle), sections)


def to_markdown(data: ReportData) -> str:
    """Lay out a report as Markdown."""
    parts = [f"# {markdown(data.title)}", markdown(data.subtitle)]
    for section in data.sections:
        parts.append(f"## {markdown(section.title)}")
        if section.text:
            parts.append(markdown(section.text))
        if section.points:
            parts.append("\n".join(f"- {markdown(point)}" for point in section.points))
        if section.table is not None and section.table.rows:
            parts.append(markdown_table(section.table.columns, section.table.rows))
    return "\n\n".join(parts) + "\n"


def to_html(data: ReportData) -> str:
    """Lay out a report as one HTML file without any reference to the outside."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("mlflow_integration.reports"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    environment.filters["numeric_columns"] = _numeric_columns
    return environment.get_template("report.html.j2").render(data=data, images=_images)


def _numeric_columns(table: TableData) -> set[int]:
    """Places of the columns that hold nothing but numbers and what is missing."""

    def numeric(values: Sequence[object]) -> bool:
        known = [value for value in values if value is not None]
        return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)

    return {place for place, values in enumerate(zip(*table.rows, strict=True)) if numeric(values)}


def _images(section: Section) -> list[tuple[str, str]]:
    return [
        (caption, f"data:image/png;base64,{base64.b64encode(content).decode()}") for caption, content in section.images
    ]
