"""The page of a card: what it says, and how it looks in a real browser on a screen, a telephone and paper."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.live.card import PROP_COLUMNS, Card
from models.live.page import card_html, write_card

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "docs" / "screenshots.py"
WHY = "+6.2 own form: mean of pts over the last 5 games 27.4; -0.4 rest: days since his last game 1"


def load_script():
    spec = importlib.util.spec_from_file_location("script_screenshots", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def prop(number, **more):
    row = dict.fromkeys(PROP_COLUMNS, np.nan) | {
        "market": "pts", "player_id": number, "player_name": f"Maximilian-Alexander Featherstonehaugh {number}",
        "team": "LAC", "opponent": "OKC", "home": False, "game_id": "1", "projection": -0.04, "low_50": 0.0,
        "high_50": 2.0, "low_80": 0.0, "high_80": 4.0, "stake": 0.0, "reasons": "", "out": "", "warning": "",
    }  # fmt: skip
    return row | more


LINED = {
    "projection": 21.34, "low_50": 18.0, "high_50": 25.0, "low_80": 14.0, "high_80": 29.0, "line": 19.5, "p_over": 0.61,
    "p_push": 0.0, "p_under": 0.39, "fair_over": -156.0, "fair_under": 156.0, "side": "over", "bookmaker": "Copperline",
    "best_line": 19.5, "price": -105.0, "edge": 0.09, "ev": 0.19, "reasons": WHY, "n_books": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def card():
    rows = [
        prop(1, **LINED, stake=1.0, out="Ann <b>Other</b>, Bob Long (doubtful)", warning="one book only"),
        prop(2, **{**LINED, "price": 110.0}),
        prop(3),
    ]
    model = SimpleNamespace(
        name="NBAProps_pts",
        version=3,
        stage="Production",
        run_id="0" * 32,
        forecast=SimpleNamespace(trained_until=pd.Timestamp("2025")),
    )
    props = pd.DataFrame(rows)[PROP_COLUMNS]
    slate = SimpleNamespace(date=pd.Timestamp("2025-01-14"), kind="real", fingerprint="ab", source="box_scores")
    night = {"night_staked": 0.001, "night_loss_80": -0.0004, "night_loss_95": 0.001, "risk_of_ruin": 0.0}
    at = pd.Timestamp("2025-01-14T22:30", tz="UTC")
    warnings = ("pts: 15 of 593 prices left out as unsound",)
    return Card(slate, {"pts": model}, "latest", at, props, props[:1], night, warnings)


@pytest.fixture(scope="module")
def page(card):
    return card_html(card, 2)


def test_a_page_says_everything_in_words_and_needs_nothing_from_elsewhere(page):
    assert not any(text in page for text in ("http", "<script", "nan", "None", "<b>Other"))
    assert page.count('<tr class="bet">') == 2, "once among the bets, once among all props"
    assert "<b>+6.2</b> own form: mean of pts over the last 5 games 27.4" in page
    assert "<b>Out:</b> Ann &lt;b&gt;Other" in page
    assert "<b>Careful:</b> one book only" in page
    assert "<dd>nothing</dd>" in page, "one night in five wins still"
    assert ">-0.0<" not in page


def test_the_table_of_a_card_runs_nothing_in_a_spreadsheet(card, tmp_path):
    hostile = replace(card, props=card.props.assign(player_name='=HYPERLINK("http://x")'))
    table = pd.read_csv(write_card(hostile, 1, tmp_path)[0])
    assert set(table["player_name"]) == {'\'=HYPERLINK("http://x")'}
    assert table["price"].dropna().tolist() == [-105.0, 110.0], "a price is no formula"


@pytest.fixture(scope="module")
def browser():
    """A headless browser; skipped with the reason where there is none."""
    script = load_script()
    try:
        path = script.find_browser()
    except script.BrowserError as error:
        pytest.skip(str(error))
    with script.opened_page(path) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 400])
def test_in_a_browser_the_page_is_never_wider_than_the_screen(browser, page, tmp_path, width):
    path = tmp_path / "card.html"
    path.write_text(page, encoding="utf-8")
    asked = []
    browser.on("request", lambda request: asked.append(request.url))
    browser.set_viewport_size({"width": width, "height": 900})
    browser.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    script = (
        "width => [...document.querySelectorAll('td, dd, li, p')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert browser.evaluate(script, width) == 0, "nothing is cut off within its box"
    text = browser.inner_text("body")
    for shown in (
        "over 19.5 -105",
        "18–25",
        "14–29",
        "61.0% / 0.0% / 39.0%",
        "-156 / +156",
        "own form",
        "one book only",
    ):
        assert shown in " ".join(text.split())
    head = browser.evaluate("document.querySelector('thead').getBoundingClientRect().height > 5")
    assert head == (width == 1400), "on a telephone every value has its own label"


@pytest.mark.slow
def test_on_paper_a_card_is_a_landscape_page_with_every_prop(browser, page, tmp_path):
    import pdfplumber

    path = tmp_path / "card.html"
    path.write_text(page, encoding="utf-8")
    browser.goto(path.as_uri())
    browser.pdf(path=tmp_path / "card.pdf", prefer_css_page_size=True)
    with pdfplumber.open(tmp_path / "card.pdf") as printed:
        first = printed.pages[0]
        assert first.width > first.height
        words = first.extract_text()
        assert max(word["x1"] for word in first.extract_words()) < first.width - 20
    assert words.startswith("Card of Tuesday, 14 January 2025")
    assert words.count("Featherstonehaugh") == 4
