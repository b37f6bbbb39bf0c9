"""Open `mlflow ui` in a real browser, check what its pages show of a store, and take the screenshots of docs/images.

Needs Chromium (`apt-get install chromium`) and the group docs: uv run --group docs scripts/docs/screenshots.py
"""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mlflow_integration.cli import DONE, REFUSED, note, reported
from nba_props.errors import NBAPropsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Page

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HEADLINE: Final = ("val_mae", "roi")
SHOWN_PLOT: Final = "calibration_curve.png"
PALETTE: Final = 128
WIDTH: Final = 1360
HEIGHT: Final = 860
TALL: Final = 1500
FIRST_PIXELS: Final = 1500
"""The headline group of the charts has to begin above this line."""
STORE: Final = Path(__file__).resolve().parents[2] / "mlflow.db"
IMAGES: Final = STORE.parent / "docs" / "images"
_SETTLED: Final = {  # what a user's own clicks would have left behind: classical ML pages, no chat panel
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
}


class BrowserError(NBAPropsError):
    """There is no browser, or no driver for it."""


@dataclass(frozen=True)
class Shown:
    """What the pages of a store must show: read with plain MLflow, compared with what the browser renders.

    Attributes:
        experiments: Names of experiments.
        experiment_id: Experiment of the run.
        run_id: The run.
        run_name: Its name.
        metrics: Its headline metrics.
        plots: Its plots: file name to width and height in pixels.
        model: The registered model of the run.
        version: Its version.
        stage: The stage of that version.
        model_id: The logged model behind it.
        runs: Route of the run list, as training prints its link.
        headline: First group of the charts of the run.
    """

    experiments: tuple[str, ...]
    experiment_id: str
    run_id: str
    run_name: str
    metrics: dict[str, float]
    plots: dict[str, tuple[int, int]]
    model: str
    version: int
    stage: str
    model_id: str
    runs: str
    headline: str


def find_browser(named: str | None = None) -> str:
    """Return the path of a Chromium or Chrome, with its driver's package installed.

    Raises:
        BrowserError: One of both is missing; says what to install.
    """
    if importlib.util.find_spec("playwright") is None:
        message = "The browser's driver is not installed: uv run --group docs scripts/docs/screenshots.py"
        raise BrowserError(message)
    names = [named] if named else list(BROWSERS)
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        message = f"There is no browser ({', '.join(names)}): apt-get install chromium, or say --browser PATH."
        raise BrowserError(message)
    return found


def read_store(database: Path, model: str | None = None) -> Shown:
    """Return what the pages of a store must show of its most advanced registered version and of its run.

    Args:
        database: SQLite file of the store.
        model: Registered model; the one whose version stands highest by default.

    Raises:
        StoreError: There is no version of a run with the headline metrics and a plot.
    """
    from mlflow_integration import PHASES, ModelRegistry
    from mlflow_integration.store.links import share_run_list
    from mlflow_integration.store.location import resolve_store

    client = resolve_store(database).client(create=False)
    versions = ModelRegistry(database).list_models()
    order = {"Production": 0, "Staging": 1, "None": 2, "Archived": 3}
    versions = versions.sort_values("stage", key=lambda stages: stages.map(order), kind="stable")
    for row in versions.itertuples(index=False):
        if model not in (None, row.model) or not row.run_id:
            continue
        run = client.get_run(row.run_id)
        metrics = {name: run.data.metrics[name] for name in HEADLINE if name in run.data.metrics}
        plots = {file.path: file for file in client.list_artifacts(row.run_id) if file.path.endswith(".png")}
        if len(metrics) == len(HEADLINE) and SHOWN_PLOT in plots:
            return Shown(
                experiments=tuple(PHASES),
                experiment_id=run.info.experiment_id,
                run_id=row.run_id,
                run_name=run.info.run_name,
                metrics=metrics,
                plots={name: _size(client, row.run_id, name) for name in sorted(plots)},
                model=row.model,
                version=int(row.version),
                stage=row.stage,
                model_id=client.get_model_version(row.model, str(row.version)).source.removeprefix("models:/"),
                runs=share_run_list(client, run.info.experiment_id).partition("/#/")[2],
                headline="1_headline" if "1_headline/val_mae_so_far" in run.data.metrics else "Model metrics",
            )
    message = (
        f"{database} has no registered {model or 'model'} whose run has {', '.join(HEADLINE)} and {SHOWN_PLOT}: "
        "train one with scripts/mlflow/train_model.py."
    )
    raise StoreError(message)


def _size(client: Any, run_id: str, name: str) -> tuple[int, int]:  # noqa: ANN401 - MLflow's client has no types
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder, Image.open(client.download_artifacts(run_id, name, folder)) as image:
        return image.size


class Pages:
    """Walks through the pages; each method returns what is missing from one, as sentences.

    Args:
        page: The browser's page.
        url: Where `mlflow ui` answers.
        shown: What the pages must show.
        seconds: How long a text may take to appear.
        images: Folder for screenshots; none are taken without.
    """

    def __init__(self, page: Page, url: str, shown: Shown, *, seconds: float = 30.0, images: Path | None) -> None:
        self.page = page
        self.url = url
        self.shown = shown
        self.seconds = seconds
        self.images = images

    def experiments(self) -> list[str]:
        """Are the experiments on the page of experiments?"""
        lacking = self._open("experiments", self.shown.experiments, "the page of experiments")
        self._picture("ui_experiments.png")
        return lacking

    def run_list(self) -> list[str]:
        """Does the link that training prints show the run, with its headline metrics as columns?"""
        shown, where = self.shown, "the run list"
        lacking = self._open(shown.runs, [shown.run_name, *shown.metrics], where)
        if "Request error" in self._text("body"):
            lacking.append(f"{where} shows an error: MLflow does not understand the link")
        self._picture("ui_runs.png")
        return lacking

    def charts(self) -> list[str]:
        """Does the headline group stand in the first pixels of the charts of the run, drawn?"""
        shown, where = self.shown, f"the charts of run {self.shown.run_name}"
        self.page.set_viewport_size({"width": WIDTH, "height": TALL})
        lacking = self._open(f"{self._run_path}/model-metrics", [shown.headline], where)
        if not lacking:
            group = self.page.get_by_text(shown.headline).last.bounding_box()
            if group is None or group["y"] > FIRST_PIXELS:
                lacking.append(f"{where} show {shown.headline} below the first {FIRST_PIXELS} pixels")
            self._until(lambda: self.page.locator(".js-plotly-plot").count() > 0)
        self._picture("ui_charts.png")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return lacking

    def run(self) -> list[str]:
        """Are the headline metrics, with the values stored, on the page of the run?"""
        shown, where = self.shown, f"the page of run {self.shown.run_name}"
        lacking = self._open(self._run_path, [shown.run_name, shown.model, *shown.metrics], where)
        for name, value in shown.metrics.items():
            seen = self._value_of(name)
            if not lacking and seen != value:
                lacking.append(f"{where} shows {name} = {seen}, the store has {value!r}")
        if not lacking:
            self._picture("ui_run.png")
        return lacking

    def plots(self) -> list[str]:
        """Is every plot of the run drawn, at its full size?"""
        lacking = []
        for name, size in self.shown.plots.items():
            missing = self._open(f"{self._run_path}/artifacts/{name}", [name], f"the page of artifact {name}")
            if not missing and not self._drawn(size):
                missing = [f"the page of artifact {name} shows no picture of {size[0]} x {size[1]} pixels"]
            lacking += missing
            if name == SHOWN_PLOT and not missing:
                self._picture("ui_plot.png")
        return lacking

    def model(self) -> list[str]:
        """Is the version with its stage on the page of the registered model?"""
        shown, where = self.shown, f"the page of model {self.shown.model}"
        lacking = self._open(f"models/{shown.model}", [shown.model, f"Version {shown.version}"], where)
        lacking += self._stage_missing(f"[role=row]:has-text('Version {shown.version}')", where)
        if not lacking:
            self.page.set_viewport_size({"width": WIDTH, "height": TALL})
            self._picture("ui_model.png")
            self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return lacking

    def version(self) -> list[str]:
        """Are stage, run and logged model on the page of the version?"""
        shown, where = self.shown, f"the page of {self.shown.model} version {self.shown.version}"
        wanted = [f"Version {shown.version}", shown.run_name, "Source Model"]
        lacking = self._open(f"models/{shown.model}/versions/{shown.version}", wanted, where)
        lacking += self._stage_missing("body", where)
        self._picture("ui_version.png")
        return lacking

    def logged_model(self) -> list[str]:
        """Are run and registered version on the page of the logged model?"""
        shown = self.shown
        path = f"experiments/{shown.experiment_id}/models/{shown.model_id}"
        return self._open(path, [shown.run_name, shown.model, f"v{shown.version}"], "the page of the logged model")

    def all(self) -> list[str]:
        """Walk through all pages; what is missing from any of them."""
        visits = (
            self.experiments,
            self.run_list,
            self.run,
            self.charts,
            self.plots,
            self.model,
            self.version,
            self.logged_model,
        )
        return [sentence for visit in visits for sentence in visit()]

    @property
    def _run_path(self) -> str:
        return f"experiments/{self.shown.experiment_id}/runs/{self.shown.run_id}"

    def _open(self, path: str, wanted: Sequence[str], where: str) -> list[str]:
        """Open a page, wait for every text of `wanted`, return what did not come."""
        self.page.goto("about:blank")  # going from one address behind the # to another keeps what was drawn before
        self.page.goto(f"{self.url}/#/{path}")
        lacking: list[str] = []

        def complete() -> bool:
            text = self._text("body")
            lacking[:] = [f"{where} does not show {each!r}" for each in wanted if each not in text]
            return not lacking

        self._until(complete)
        return lacking

    def _until(self, holds: Callable[[], bool]) -> bool:
        """Wait until something holds, for as long as a page may take."""
        end = time.monotonic() + self.seconds
        while not holds():
            if time.monotonic() > end:
                return False
            self.page.wait_for_timeout(100)
        return True

    def _text(self, element: str) -> str:
        """What the first such element shows, in one line; empty where there is none."""
        found = self.page.locator(element)
        return " ".join(found.first.inner_text().split()) if found.count() else ""

    def _value_of(self, metric: str) -> float | None:
        """The number that stands after the name of a metric."""
        lines = [line.strip() for line in self.page.inner_text("body").splitlines() if line.strip()]
        after = [lines[place + 1] for place, line in enumerate(lines[:-1]) if line == metric]
        try:
            return float(after[0].replace("−", "-")) if after else None
        except ValueError:
            return None

    def _stage_missing(self, element: str, where: str) -> list[str]:
        """Alias and tag of the stage, within one element: an alias has one holder, None and Archived are tags only."""
        stage = self.shown.stage
        wanted = {f"tag stage: {stage}": re.compile(rf"\bstage ?:? {stage}\b")}
        if stage in ("Staging", "Production"):
            wanted[f"alias @ {stage}"] = re.compile(rf"@ {stage}\b")

        def matches(pattern: re.Pattern[str]) -> bool:
            return self._until(lambda: pattern.search(self._text(element)) is not None)

        return [f"{where} does not show the {name}" for name, pattern in wanted.items() if not matches(pattern)]

    def _drawn(self, size: tuple[int, int]) -> bool:
        """Is there a picture of that size on the page, large enough to be looked at?"""
        script = (
            "size => [...document.images].some(image => image.naturalWidth == size[0] "
            "&& image.naturalHeight == size[1] && image.offsetWidth > 100)"
        )
        return self._until(lambda: bool(self.page.evaluate(script, list(size))))

    def _picture(self, name: str) -> None:
        """Take a screenshot, in few colours; where the store lies on this machine is covered."""
        if self.images is None:
            return
        from PIL import Image

        self.page.wait_for_timeout(800)  # fonts and transitions
        shot = self.page.screenshot(mask=[self.page.get_by_text("file:///")], mask_color="#ffffff")
        self.images.mkdir(parents=True, exist_ok=True)
        colours = Image.open(io.BytesIO(shot)).convert("RGB").quantize(PALETTE)
        colours.save(self.images / name, optimize=True)


@contextmanager
def opened_page(browser: str) -> Iterator[Page]:
    """Open a page in a headless browser, as somebody sees it who has looked around `mlflow ui` before."""
    from playwright.sync_api import sync_playwright

    entries = "".join(f"localStorage.setItem({key!r}, {value!r});" for key, value in _SETTLED.items())
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser)
        try:
            context = chromium.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US", timezone_id="UTC", reduced_motion="reduce"
            )
            context.add_init_script(entries)
            yield context.new_page()
        finally:
            chromium.close()


@app.command()
def screenshots(
    store: Annotated[Path, typer.Option(help="SQLite file of a store with a registered version.")] = STORE,
    model: Annotated[str | None, typer.Option(help="Registered model to look at. Default: the most advanced.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for the screenshots.")] = IMAGES,
    browser: Annotated[str | None, typer.Option(help="Browser to use. Default: the Chromium or Chrome found.")] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Start mlflow ui with its own defaults: 15 processes, a minute on 2 cores.")
    ] = False,
    check_only: Annotated[bool, typer.Option("--check-only", help="Check the pages, take no screenshots.")] = False,
) -> None:
    """Check the pages and take screenshots; exit 1 naming what a page does not show.

    Example: uv run --group docs scripts/docs/screenshots.py --store mlflow.db
    """
    from mlflow_integration.store.server import local_ui

    with reported(), tempfile.TemporaryDirectory() as name:
        path = find_browser(browser)
        folder, database = Path(name), store.resolve()
        shown = read_store(database, model)
        note(f"starting mlflow ui; looking at run {shown.run_name} and {shown.model} version {shown.version} ...")
        with local_ui(database, folder / "ui.log", light=not plain) as url, opened_page(path) as page:
            lacking = Pages(page, url, shown, images=None if check_only else output).all()
    for sentence in lacking:
        note(f"MISSING: {sentence}")
    if not lacking:
        plots = len(shown.plots)
        print(
            f"{len(shown.experiments)} experiments, a run with its metrics and {plots} plots, and {shown.model} version"
        )
        print(f"{shown.version} in stage {shown.stage} are on the pages of mlflow ui.")
    raise SystemExit(REFUSED if lacking else DONE)


if __name__ == "__main__":
    app()
