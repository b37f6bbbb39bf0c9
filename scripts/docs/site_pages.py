"""Hooks of mkdocs.yml: the pages of the site that are not files under docs/.

README.md, CONTRIBUTING.md, CHANGELOG.md and data/README.md become pages with their links set right, and each package
under src/ becomes a reference page made of the docstrings of its modules.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("mlflow_integration", "models", "nba_props", "nba_league")
PAGES: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "data/README.md": "data.md",
}
"""File of the repository -> page of the site."""
LINK: Final = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the reference pages into the navigation, after the written ones."""
    reference = [{package: [_reference_page(folder) for folder in _folders(package)]} for package in PACKAGES]
    config.nav = [*(config.nav or []), {"Reference": reference}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages whose text is elsewhere or is generated."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for package in PACKAGES:
        for folder in _folders(package):
            files.append(File.generated(config, _reference_page(folder), content=_reference(folder)))
    return files


def on_page_markdown(markdown: str, page: object, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Let links between files of the repository lead to pages of the site."""
    place = page.file.src_uri  # type: ignore[attr-defined]
    sources = {target: source for source, target in PAGES.items()}
    folder = PurePosixPath(sources.get(place, f"docs/{place}")).parent
    return LINK.sub(lambda link: _page(folder, link[1], depth=place.count("/")), markdown)


def _page(folder: PurePosixPath, link: str, depth: int) -> str:
    """The link as it has to be on a page that lies `depth` folders below the root of the site."""
    path = (ROOT / folder / link).resolve()
    if not path.is_relative_to(ROOT):
        return link
    name = path.relative_to(ROOT).as_posix()
    return "../" * depth + PAGES.get(name, name.removeprefix("docs/"))


def _folders(package: str) -> list[Path]:
    """The package and the packages in it, parents first."""
    root = ROOT / "src" / package
    return sorted({file.parent for file in root.rglob("__init__.py")})


def _reference_page(folder: Path) -> str:
    return f"reference/{folder.relative_to(ROOT / 'src').as_posix()}.md"


def _reference(folder: Path) -> str:
    name = ".".join(folder.relative_to(ROOT / "src").parts)
    modules = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("__"))
    parts = [f"# {name}", f"::: {name}\n    options:\n      members: false\n      show_root_heading: false"]
    parts += [f"::: {name}.{module}" for module in modules]
    return "\n\n".join(parts) + "\n"
