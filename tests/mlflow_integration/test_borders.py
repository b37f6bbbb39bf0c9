"""Hostile names arrive as text at every border: CSV, Markdown, HTML, JSON and terminal, read back as a reader does."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser

import pandas as pd
import pytest

from mlflow_integration import cli
from mlflow_integration.logging.items import Table
from mlflow_integration.logging.sink import stage
from mlflow_integration.reading.export import write_frame
from mlflow_integration.reports.sections import ReportData, Section, TableData
from mlflow_integration.reports.write import _clean, to_html, to_markdown
from mlflow_integration.values.escape import csv_text, markdown, terminal

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+cmd",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "a\rb\rc",
    "a\nb",
    ' =HYPERLINK("http://x")',
    '"quoted", and more',
    "＝1+1",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://evil/y.png)",
    "| a | b |",
    "`x` **b** _i_ # h ~~s~~",
    "red \x1b[31m \x1b]0;title\x07",
    "\x9b31m \u202egnp.exe",
    "Luka Dončić",
    "Nigel O'Neal-Smith",
]
FRAME = pd.DataFrame({"name": HOSTILE, "n": range(len(HOSTILE)), "=evil": ["x"] * len(HOSTILE)})


def cells(path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("kind", ["export", "artifact"])
def test_a_csv_has_as_many_rows_as_the_table_and_no_formula(tmp_path, kind):
    if kind == "export":
        path = tmp_path / "x.csv"
        write_frame(FRAME, path)
    else:
        path = stage(Table("x.csv", FRAME), tmp_path)
    header, *rows = cells(path)
    assert header == ["name", "n", "'=evil"]
    assert [row[0].removeprefix("'") for row in rows] == HOSTILE
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for row in rows for cell in row)
    assert pd.read_csv(path, encoding="utf-8-sig")["n"].tolist() == list(range(len(HOSTILE)))


def test_the_named_index_of_an_artifact_table_is_escaped_too(tmp_path):
    path = stage(Table("x.csv", FRAME.set_index("name")), tmp_path)
    assert [row[0].removeprefix("'") for row in cells(path)[1:]] == HOSTILE
    assert cells(path)[1][0].startswith("'=")


@pytest.mark.parametrize("text", ["-3.5", "+110", "1e5", "-1", "Luka Dončić", "", "a=b"])
def test_numbers_and_names_stay_as_they_are_in_a_csv(text):
    assert csv_text(text) == text


def report() -> ReportData:
    table = TableData(("name", "<b>"), tuple((name, 1.5) for name in HOSTILE))
    return _clean(ReportData(HOSTILE[11], HOSTILE[16], (Section(HOSTILE[12], "; ".join(HOSTILE), table),)))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.attributes = set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [name for name, _ in attributes]

    def handle_data(self, data):
        self.text.append(data)


def test_an_html_report_holds_hostile_names_as_text_and_runs_nothing():
    page = Tags()
    page.feed(to_html(report()))
    assert not page.tags & {"script", "b", "img", "a"}
    assert not any(name.startswith("on") for name in page.attributes)
    assert "<script>alert(1)</script>" in "".join(page.text)


def test_a_markdown_report_has_one_row_per_name_and_no_html_or_link():
    lines = to_markdown(report()).splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 1 + len(HOSTILE)
    assert all(line.replace("\\|", "").count("|") == 3 for line in rows)
    assert not any(sign in line for line in lines for sign in ("<", "\x1b", "\r"))
    assert not any("](" in line.replace("\\]", "") for line in lines)


def test_markdown_leaves_names_of_metrics_readable():
    assert markdown("val_mae") == "val_mae"
    assert markdown("_x_") == "\\_x\\_"


def controls(text: str) -> list[str]:
    return [
        sign for sign in text if (ord(sign) < 32 and sign not in "\n\t") or 127 <= ord(sign) < 160 or sign == "\u202e"
    ]


def test_a_terminal_gets_no_control_character_from_tables_messages_and_json(capsys):
    cli.show_table(FRAME, title=HOSTILE[16])
    cli.note("; ".join(HOSTILE))
    cli.say("; ".join(HOSTILE))
    cli.emit_text("; ".join(HOSTILE), None)
    with pytest.raises(SystemExit):
        cli.fail("; ".join(HOSTILE))
    cli.emit_json({"names": HOSTILE})
    out, err = capsys.readouterr()
    assert controls(out) == controls(err) == []
    assert json.loads(out[out.rindex("{") :])["names"] == HOSTILE


def test_a_name_with_a_line_feed_stays_one_row_of_a_table(capsys):
    cli.show_table(pd.DataFrame({"name": ["a\nb", "c"]}))
    assert "a\\nb" in capsys.readouterr().out
    assert terminal("a\tb", one_line=True) == "a\\tb"
