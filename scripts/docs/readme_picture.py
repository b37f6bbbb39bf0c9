"""Make the picture of the README from the newest run of a market: its reliability diagram beside its bankroll.

Run the main job first, then: uv run scripts/docs/readme_picture.py
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Final

import typer
from PIL import Image

from mlflow_integration.cli import reported
from nba_props.errors import StoreError

PLOTS: Final = ("calibration_curve.png", "equity_curve.png")
HEIGHT: Final = 504
GAP: Final = 24
PICTURE: Final = Path(__file__).resolve().parents[2] / "docs" / "images" / "run.png"


def main(
    market: Annotated[str, typer.Option(help="Market of the run.")] = "reb",
    experiment: Annotated[str, typer.Option(help="Experiment of the run.")] = "Phase1_Foundation",
    output: Annotated[Path, typer.Option(help="The picture.")] = PICTURE,
) -> None:
    """Write the plots of the newest finished run of a market side by side."""
    # Imported here so that --help need not wait for MLflow.
    from mlflow.artifacts import load_image

    from mlflow_integration.utils import search_runs

    with reported():
        runs = search_runs(experiment, where=f"tags.market = '{market}' and attributes.status = 'FINISHED'", limit=1)
        if runs.empty:
            problem = f"No finished run of {market} in {experiment}: run the main job first."
            raise StoreError(problem)
        uri = f"runs:/{runs['run_id'].iloc[0]}"
        plots = [load_image(f"{uri}/{name}").convert("RGB") for name in PLOTS]
    plots = [
        plot.resize((round(plot.width * HEIGHT / plot.height), HEIGHT), Image.Resampling.LANCZOS) for plot in plots
    ]
    sheet = Image.new("RGB", (sum(plot.width for plot in plots) + GAP, HEIGHT), "white")
    sheet.paste(plots[0], (0, 0))
    sheet.paste(plots[1], (plots[0].width + GAP, 0))
    image = io.BytesIO()
    sheet.quantize(128).save(image, format="png", optimize=True)
    output.write_bytes(image.getvalue())


if __name__ == "__main__":
    typer.run(main)
