"""One look for all figures: object-oriented matplotlib without global state, colours that colour-blind readers tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
SKY: Final = "#56B4E9"
GREY: Final = "#6E6E6E"
"""Colours of Okabe and Ito (2008), darkened grey for text on white."""

WIDTH_INCHES: Final = 8.0
DPI: Final = 100
"""8 inches at 100 dots: 800 pixels, the width at which every figure is meant to be read."""

_TEXT: Final = 11


def new_figure(
    title: str, *, simulated: bool, height: float = 5.0, rows: tuple[float, ...] = (1.0,)
) -> tuple[Figure, list[Any]]:
    """A figure of 800 pixels' width with one panel per entry of `rows` (relative heights), sharing nothing.

    Args:
        title: Drawn above the panels; long titles are wrapped.
        simulated: Stamp the figure SIMULATED.
        height: Inches.
        rows: Relative heights of the panels.
    """
    from textwrap import fill

    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, layout="constrained")
    panels = figure.subplots(len(rows), 1, gridspec_kw={"height_ratios": rows}, squeeze=False)[:, 0]
    figure.suptitle(fill(title, 62), fontsize=_TEXT + 3, fontweight="bold", x=0.02, ha="left")
    if simulated:
        stamp = {"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": ORANGE, "linewidth": 1.5}
        figure.text(
            0.985, 0.985, "SIMULATED", ha="right", va="top", color=ORANGE, fontsize=_TEXT, fontweight="bold", bbox=stamp
        )
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=_TEXT)
        panel.grid(visible=True, color="#DDDDDD", linewidth=0.8)
        panel.set_axisbelow(True)
    return figure, list(panels)


def label(panel: Any, x: str, y: str) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Name both axes."""
    panel.set_xlabel(x, fontsize=_TEXT)
    panel.set_ylabel(y, fontsize=_TEXT)


def legend(panel: Any, **settings: Any) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """A legend without a frame that covers no line."""
    panel.legend(fontsize=_TEXT - 1, frameon=False, **settings)


def legend_above(panel: Any, columns: int = 3) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """A legend above the panel, where it can cover no data."""
    legend(panel, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2)


def percent(panel: Any, axis: str, decimals: int = 0) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Show shares as per cent on the x or y axis."""
    from matplotlib.ticker import PercentFormatter

    getattr(panel, f"{axis}axis").set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def nothing_to_draw(panel: Any, why: str) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Say in the panel why it is empty."""
    panel.text(0.5, 0.5, why, ha="center", va="center", transform=panel.transAxes, color=GREY, fontsize=_TEXT)
    panel.set_axis_off()
