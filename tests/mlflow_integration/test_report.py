"""Reports: what they say, and that the HTML needs nothing from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.reports.sections import ReportData, Section, TableData
from mlflow_integration.reports.write import generate_report, generate_weekly_report, to_html
from nba_props.errors import ConfigError

from .conftest import candidate_maker


class Checker(HTMLParser):
    """Balances tags and collects references."""

    def __init__(self):
        super().__init__()
        self.open, self.references, self.images = [], [], 0

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)
        self.images += tag == "img"
        self.references += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def store(shared_uri):
    tracker = NBAPropsTracker("Phase1_Foundation", tracking_uri=shared_uri)
    metrics = {
        "val_mae": 5.9, "baseline_mae": 6.1, "roi": 0.01, "n_bets": 900, "calibration_error": 0.02, "brier_score": 0.25,
        "max_drawdown": 0.1, "mae_home": 5.8, "n_home": 400, "profit": 9.0,
    }  # fmt: skip
    for name, shift in (("first", 0.0), ("second <b>&", -0.2), ("third", 0.1)):
        with tracker.start_run(name, tags={"market": "pra", "data_kind": "simulated"}):
            tracker.log_metrics({**metrics, "val_mae": metrics["val_mae"] + shift})
            tracker.log_calibration_curve([0, 1, 1, 0], [0.2, 0.7, 0.6, 0.4])
    with pytest.raises(RuntimeError), tracker.start_run("failing"):
        message = "out | of memory"
        raise RuntimeError(message)
    candidate_maker(shared_uri)("props_pra", val_mae=3.0)
    return shared_uri


def test_the_markdown_report_tells_bests_with_trials_gates_segments_and_changes(store):
    text = generate_report(tracking_uri=store)
    for heading in (
        "Phases",
        "Best runs",
        "Calibration of",
        "Bets of",
        "Segments of",
        "Models and gates",
        "What changed",
    ):
        assert f"## {heading}" in text
    best = re.search(r"\| pra SIMULATED \| val_mae \| (\S+) \| – \| (\d+) \| (\S+) \| (.+?) \|", text)
    assert best.group(1, 2, 4) == ("5.7", "3", "second &lt;b&gt;&amp;")
    assert float(best.group(3)) > 5.7
    segments = text.partition("## Segments of")[2].partition("## ")[0]
    assert re.search(r"\| segment \| metric \|.* pra SIMULATED \|", segments)
    assert re.search(r"\| home \| mae \|.* 5\.8 \(400\) \|", segments)
    assert "SIMULATED data in 3 of them" in text
    assert "| props_pra | 1 | None |" in text


def test_the_report_begins_with_what_is_new_and_what_is_best_and_has_no_empty_part(store):
    text = generate_report(tracking_uri=store)
    short = text.partition("## In short")[2].partition("## ")[0]
    assert "4 finished runs in the last 7 days." in short
    assert "First results in pra SIMULATED" in short
    assert "Least mean absolute error: pra SIMULATED 5.7 (run " in short
    assert "No version has passed its gates." in short
    assert text.index("## In short") < text.index("## Phases")
    assert not re.search(r"^## .*\n\n## ", text, re.MULTILINE)


def test_the_html_report_is_one_valid_file_with_its_plots_inside(store):
    html = generate_report(style="html", tracking_uri=store)
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert checker.images == 1
    assert all(reference.startswith("data:image/png;base64,") for reference in checker.references)
    assert "http" not in re.sub(r"base64,[^\"]+", "", html)
    assert "second &lt;b&gt;&amp;" in html
    assert "<b>&" not in html
    assert "prefers-color-scheme: dark" in html


def test_in_print_short_cells_stay_on_one_line_and_on_a_narrow_phone_no_picture_is_wider_than_the_page(store):
    """On A4 every market was folded into two lines, and a figure of 22 rem was wider than a phone of 320 pixels."""
    html = generate_report(style="html", tracking_uri=store)
    short = set(re.findall(r'<td class="short">([^<]*)</td>', html))
    assert {"pra SIMULATED", "val_mae"} <= short
    assert max(map(len, short)) < 25
    printed = html[html.index("@media print") : html.index("</style>")]
    assert "td.short { white-space: nowrap; }" in printed
    assert "minmax(min(22rem, 100%), 1fr)" in html


def test_a_table_of_many_columns_is_small_in_print_and_long_cells_are_folded_anywhere():
    """A column for each of twelve markets ran off the page."""
    row = ("model_params.lightgbm.bin_construct_sample_cnt", *["0.340356847189"] * 12)
    table = TableData(("setting", *(f"market {place}" for place in range(12))), (row,))
    html = to_html(ReportData("wide", "", (Section("Settings", table=table),)))
    assert '<table class="wide">' in html
    assert "table.wide { font-size: .56rem; }" in html[html.index("@media print") :]


def test_the_weekly_report_tells_activity_and_failures(store):
    text = generate_weekly_report(tracking_uri=store)
    assert "| Phase1_Foundation | 4 | 3 | 1 | 0 |" in text
    assert "RuntimeError: out \\| of memory" in text
    assert text.index("## In short") < text.index("## Activity")
    assert "No best has improved" not in text
    assert generate_weekly_report(style="html", tracking_uri=store).startswith("<!DOCTYPE html>")


def test_an_empty_store_has_a_report_too(uri):
    NBAPropsTracker("x", tracking_uri=uri).experiment_id  # noqa: B018 - makes the experiment
    text = generate_report(tracking_uri=uri)
    assert "No finished run has a ranked metric yet." in text
    assert "No model is registered." in text
    assert "No run was started." in generate_weekly_report(tracking_uri=uri)


def test_an_unknown_style_is_refused(uri):
    with pytest.raises(ConfigError, match="markdown, html"):
        generate_report(style="pdf", tracking_uri=uri)


def test_the_weekly_report_shows_the_ledger_and_the_last_word_of_the_monitor(uri):
    tracker = NBAPropsTracker("Phase4_Production", tracking_uri=uri)
    tags = {"live_kind": "ledger", "data_kind": "real", "verdict_pra": "roll back"}
    with tracker.start_run("live_ledger", tags=tags):
        tracker.log_metrics({"live_n_bets": 321, "live_roi": 0.0375})
    text = generate_weekly_report(tracking_uri=uri)
    (row,) = [line for line in text.splitlines() if "live_ledger" in line and "321" in line]
    assert "0.0375" in row
    assert "pra: roll back" in row


def test_a_run_without_bets_or_settings_has_no_row_of_dashes(uri):
    tracker = NBAPropsTracker("own", tracking_uri=uri)
    with tracker.start_run("theirs", tags={"market": "pra"}):
        tracker.log_params({"seed": 0, "step": "monthly"})
        tracker.log_metrics({"val_mae": 5.9, "n_bets": 30, "roi": 0.1, "mae_home": 5.8, "n_home": 9})
    with tracker.start_run("mine", tags={"market": "diabetes"}):
        tracker.log_validation_metrics({"mae": 40.0})
    text = generate_report(tracking_uri=uri)
    assert "| diabetes | val_mae | 40 |" in text
    for heading in ("Bets of", "Segments of"):
        assert "diabetes" not in text.partition(f"## {heading}")[2].partition("## ")[0]
    assert "## Settings that differ" not in text
