"""Injury reports of our own in the layout of the league's, with invented players."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = {"game_date": 24, "game_time": 120, "matchup": 201, "team": 265, "player": 426, "status": 587, "reason": 667}
EDGES = [19, 116, 196, 260, 421, 582, 662, 823]
HEADER = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
WIDTH, HEIGHT = 841.95, 595.35
LINE, PADDING = 14.08, 8.0


@dataclass
class Printer:
    """Draws a report row by row; a row that does not fit is cut where `split` says, or goes to the next page."""

    path: Path
    title: str = "Injury Report: 02/08/26 03:30 PM"
    repeat_header: bool = False
    rules: bool = True
    bottom: float = 500
    pages: list[list[tuple[float, dict[str, list[str]], float]]] = field(default_factory=lambda: [[]])
    at: float = 126.0

    def row(self, *reason: str, split: int | None = None, name_on: int = 0, **cells: str) -> None:
        """One row; `split` lines of the reason stay on this page, the name goes to part `name_on`."""
        if split is not None:
            self._part(list(reason[:split]), cells if name_on == 0 else {})
            self.new_page()
            self._part(list(reason[split:]), cells if name_on == 1 else {})
            return
        if self.at + LINE * max(len(reason), 1) + PADDING > self.bottom:
            self.new_page()
        self._part(list(reason), cells)

    def new_page(self) -> None:
        self.pages.append([])
        self.at = 126.0 if self.repeat_header else 80.0

    def _part(self, reason: list[str], cells: dict[str, str]) -> None:
        height = LINE * max(len(reason), 1) + PADDING
        lines = {name: text.split("\n") for name, text in cells.items()}
        self.pages[-1].append((self.at, {**lines, "reason": reason}, height))
        self.at += height

    def save(self, total: int | None = None) -> Path:
        canvas = Canvas(str(self.path), pagesize=(WIDTH, HEIGHT))
        for number, rows in enumerate(self.pages, 1):
            canvas.setFont("Helvetica-Bold", 20)
            canvas.drawString(289, HEIGHT - 62, self.title)
            canvas.setFont("Helvetica", 9)
            if number == 1 or self.repeat_header:
                for (name, x), heading in zip(COLUMNS.items(), HEADER, strict=True):
                    del name
                    canvas.drawString(x - 1, HEIGHT - 115, heading)
            for top, cells, height in rows:
                self._draw(canvas, top, cells, height)
            canvas.drawString(398, HEIGHT - 546, f"Page {number} of {total or len(self.pages)}")
            canvas.showPage()
        canvas.save()
        return self.path

    def _draw(self, canvas: Canvas, top: float, cells: dict[str, list[str]], height: float) -> None:
        for name, lines in cells.items():
            start = top + height / 2 - LINE * len(lines) / 2
            for number, text in enumerate(lines):
                canvas.drawString(COLUMNS[name], HEIGHT - (start + LINE * number + 9), text)
        if self.rules:
            first = next((i for i, name in enumerate(COLUMNS) if cells.get(name)), 6)
            for left, right in list(pairwise(EDGES))[min(first, 4) :]:
                canvas.line(left, HEIGHT - top, right, HEIGHT - top)
                canvas.line(left, HEIGHT - top - height, right, HEIGHT - top - height)


@pytest.fixture
def printer(tmp_path: Path) -> Callable[..., Printer]:
    """Makes a `Printer` that writes into the test's folder."""
    return lambda name="report.pdf", **options: Printer(tmp_path / name, **options)
