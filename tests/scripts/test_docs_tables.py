"""The tables of the documentation say what the registries say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from pkgutil import resolve_name

import pytest

from nba_props.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = "nba_props.features.__main__:catalogue_tables"


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_generated_table_is_stale(generate):
    stale = [
        page.relative_to(ROOT).as_posix()
        for page in generate.pages()
        if generate.filled(page.read_text(encoding="utf-8"), page.name) != page.read_text(encoding="utf-8")
    ]
    assert not stale, "run uv run scripts/docs/generate.py"


@pytest.mark.parametrize(
    ("page", "name", "row"),
    [
        ("features", CATALOGUE, "`min_projection`"),
        ("metrics", "nba_props.metrics.__main__:metric_tables", "**`val_mae`**"),
        ("metrics", "mlflow_integration.gates.__main__:profile_table", "`market`"),
        ("models", "models.plan.__main__:model_table", "`two_stage`"),
        ("recipes", "models.plan.__main__:recipe_table", "`phase3/market_blend`"),
    ],
)
def test_every_registry_has_its_table_in_the_docs(page, name, row):
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert f"<!-- generated: {name} -->\n" in text
    assert resolve_name(name)().strip("\n") in text
    assert f"| {row} |" in text


def test_a_stale_table_is_replaced_and_the_text_around_it_is_kept(generate):
    page = f"Before.\n\n<!-- generated: {CATALOGUE} -->\nold rows\n<!-- end -->\n\nAfter.\n"
    filled = generate.filled(page, "page.md")
    assert "old rows" not in filled
    assert "| `min_projection` |" in filled
    assert filled.startswith(f"Before.\n\n<!-- generated: {CATALOGUE} -->\n\n### ")
    assert filled.endswith("|\n\n<!-- end -->\n\nAfter.\n")
    assert generate.filled(filled, "page.md") == filled


def test_a_table_without_an_end_does_not_swallow_the_next_one(generate):
    marker = f"<!-- generated: {CATALOGUE} -->\n"
    with pytest.raises(ConfigError, match=r"page\.md: the table .*catalogue_tables has no end"):
        generate.filled(f"{marker}\n{marker}<!-- end -->\n", "page.md")


@pytest.mark.parametrize("name", ["nba_props.featurs:tables", "nba_props.features.__main__:tables"])
def test_an_unknown_function_is_named_with_its_page(generate, name):
    with pytest.raises(ConfigError, match=rf"page\.md: no function {name}"):
        generate.filled(f"<!-- generated: {name} -->\n<!-- end -->\n", "page.md")
