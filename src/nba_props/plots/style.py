"""One style for all figures: matplotlib without global state, colours that colour-blind readers can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#E69F00"
PINK: Final = "#CC79A7"
GREY: Final = "#6E6E6E"
"""Colours of Okabe and Ito (2008), darkened grey for text on white."""
CYCLE: Final = (BLUE, ORANGE, GREEN, YELLOW, PINK, SKY)

WIDTH_INCHES: Final = 6.4
DPI: Final = 125
"""6.4 inches at 125 dots: 800 pixels, with text that is still legible at half of that, on a telephone."""

_TEXT: Final = 11.5
_LINE: Final = 50
"""Characters of a title before it is wrapped."""
_TITLE_LINE: Final = 0.23
"""Inches of one line of a title."""
_FEW_DAYS: Final = 6

_WORDS: Final = {
    "val_mae": "mean absolute error",
    "val_rmse": "root mean squared error",
    "brier_score": "Brier score",
    "market_brier_score": "market's Brier score",
    "brier_score_uncalibrated": "Brier score",
    "calibration_error": "calibration error",
    "calibration_error_null": "by chance up to",
    "calibration_error_uncalibrated": "calibration error",
    "log_loss": "log loss",
    "mae_skill": "skill against the best naive forecast",
    "roi": "return on turnover",
    "roi_ci_low": "lower end of the return",
}


def words(key: str) -> str:
    """A metric in words, for a reader who does not know the keys.

    >>> words("val_mae"), words("clv_coverage")
    ('mean absolute error', 'clv coverage')
    """
    return _WORDS.get(key, key.replace("_", " ").replace("/", ": "))


def new_figure(
    title: str,
    *,
    simulated: bool,
    height: float = 5.0,
    rows: tuple[float, ...] = (1.0,),
    columns: int = 1,
) -> tuple[Figure, list[Any]]:
    """A figure of 800 pixels' width, with one panel per entry of `rows` (relative heights) and column.

    Args:
        title: Drawn above the panels; long titles are wrapped, and each line after the second adds to the height.
        simulated: Stamp the figure SIMULATED.
        height: Inches.
        rows: Relative heights of the panels.
        columns: Panels side by side; they are returned row by row.
    """
    from textwrap import fill

    from matplotlib.figure import Figure

    told = fill(title, _LINE - 13 if simulated else _LINE)
    height += _TITLE_LINE * max(told.count("\n") - 1, 0)
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, layout="constrained")
    panels = figure.subplots(len(rows), columns, gridspec_kw={"height_ratios": rows}, squeeze=False).ravel()
    figure.suptitle(told, fontsize=_TEXT + 2, fontweight="bold", x=0.02, ha="left")
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


def remark(figure: Any, text: str) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """A sentence under the panels: the numbers of the figure, and how to read it."""
    from textwrap import fill

    figure.supxlabel(fill(text, 74), fontsize=_TEXT - 0.5, color="#333333", x=0.02, ha="left")


def legend(panel: Any, **settings: Any) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """A legend without a frame that covers no line."""
    panel.legend(fontsize=_TEXT - 1, frameon=False, **settings)


def legend_above(panel: Any, columns: int = 2) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """A legend above the panel, where it can cover no data."""
    legend(panel, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2, columnspacing=1.0)


def percent(panel: Any, axis: str) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Show shares as per cent on the x or y axis, with as many decimals as a tick has."""
    getattr(panel, f"{axis}axis").set_major_formatter(lambda share, _: share_text(share))


def whole_ticks(panel: Any, axis: str) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Ticks of the x or y axis on whole numbers only, even where there is one."""
    getattr(panel, f"{axis}axis").get_major_locator().set_params(integer=True, min_n_ticks=1)


def counted(number: int, one: str) -> str:
    """A number of things in words.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def share_text(share: float) -> str:
    """A share as per cent, without zeros behind the point.

    >>> share_text(0.4), share_text(0.025), share_text(-0.05)
    ('40%', '2.5%', '−5%')
    """
    return f"{round(100.0 * share, 6):g}%".replace("-", "−")  # the sign of the other ticks


def months(panel: Any) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Dates in as few words as they need."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DayLocator

    first, last = panel.get_xlim()
    # A handful of nights: a day is the smallest step, where the locator would go on to hours.
    locator = DayLocator() if last - first < _FEW_DAYS else AutoDateLocator(minticks=3, maxticks=7)
    panel.xaxis.set_major_locator(locator)
    # A bare year among months would be read as a year.
    beginnings = ["", "%b\n%Y", "%b", "%b-%d", "%H:%M", "%H:%M"]
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator, zero_formats=beginnings))


def nothing_to_draw(panel: Any, why: str) -> None:  # noqa: ANN401 - matplotlib is untyped here
    """Say in the panel why it is empty."""
    panel.text(0.5, 0.5, why, ha="center", va="center", transform=panel.transAxes, color=GREY, fontsize=_TEXT)
    panel.set_axis_off()
