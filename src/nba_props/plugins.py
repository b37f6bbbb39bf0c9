"""What can be added to the project from outside: registries, and the modules that add to them.

A registry holds the things of one kind (estimators, markets, gates, ...) by name. Something is added by one file: a
module of the package itself, a module named by the entry-point group ``nba_props.plugins`` of an installed package, or
a file of the user's own given as ``--plugin my.py``. Files given that way are kept in the environment, so that the
worker processes of a run load them too.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from nba_props.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.metadata import EntryPoint
    from types import FrameType

PLUGINS_VARIABLE: Final = "NBA_PROPS_PLUGINS"
"""Environment variable with the plug-in files, separated as in PATH."""
ENTRY_POINTS: Final = "nba_props.plugins"
"""Entry-point group; each entry names a module that registers what it brings when it is imported."""

T = TypeVar("T")


class Registry(Generic[T]):
    """Things of one kind by name: those of the package in the order of its modules, then the others as they were added.

    >>> fruits = Registry[int]("fruit")
    >>> fruits.add("apple", 1)
    1
    >>> fruits["apple"], list(fruits)
    (1, ['apple'])
    >>> fruits["aple"]
    Traceback (most recent call last):
    nba_props.errors.ConfigError: Unknown fruit 'aple' (did you mean 'apple'?); known fruits: apple.

    Args:
        kind: What one of them is called, in messages.
        plural: What several are called; `kind` with an s by default.
        home: Modules of the package that add the built-in ones, imported on first use.
    """

    def __init__(self, kind: str, plural: str | None = None, home: Iterable[str] = ()) -> None:
        self.kind = kind
        self.plural = plural or f"{kind}s"
        self._home = tuple(home)
        self._items: dict[str, T] = {}
        self._places: dict[str, int] = {}
        self._complete = False

    def add(self, name: str, item: T) -> T:
        """Add `item` under `name` and return it.

        Raises:
            ConfigError: The name is taken.
        """
        if name in self._items:
            message = f"There is a {self.kind} {name!r} already; choose another name."
            raise ConfigError(message)
        self._items[name] = item
        self._places[name] = self._place()
        return item

    def _place(self) -> int:
        """Place of the home module that is being imported: the order must not depend on which one is imported first."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            name = frame.f_globals.get("__name__")
            if name in self._home and frame.f_code.co_name == "<module>":
                return self._home.index(name)
            frame = frame.f_back
        return len(self._home)

    def _names(self) -> list[str]:
        self._load()
        return sorted(self._items, key=lambda name: self._places.get(name, len(self._home)))

    def __getitem__(self, name: str) -> T:
        self._load_home()
        if name not in self._items:  # the package looks up its own while it is imported: too early for a plug-in
            load_plugins()
        if name not in self._items:
            names = self._names()
            hint = did_you_mean(name, names)
            message = f"Unknown {self.kind} {name!r}{hint}; known {self.plural}: {', '.join(names)}."
            raise ConfigError(message)
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        self._load()
        return len(self._items)

    def items(self) -> list[tuple[str, T]]:
        """Names and things."""
        return [(name, self._items[name]) for name in self._names()]

    def _load(self) -> None:
        self._load_home()
        load_plugins()

    def _load_home(self) -> None:
        if not self._complete:
            self._complete = True  # before the imports, which may look things up themselves
            for module in self._home:
                import_module(module)


_loaded: dict[str, str] = {}
"""Plug-in file or entry point -> digest of the file, "" for an entry point."""


def load_plugins(files: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Import the installed plug-ins, those of the environment, and `files`, each once.

    The files are added to the environment, for worker processes.

    Raises:
        ConfigError: A file is missing, or raises when it is imported; names the file and the error.
    """
    for entry in _entry_points():
        if entry.name not in _loaded:
            _loaded[entry.name] = ""
            _run(f"plug-in {entry.name} ({entry.value})", lambda entry=entry: import_module(entry.value))  # type: ignore[misc]
    known = [part for part in os.environ.get(PLUGINS_VARIABLE, "").split(os.pathsep) if part]
    wanted = [str(Path(file).resolve()) for file in files]
    for path in dict.fromkeys((*known, *wanted)):
        if path not in _loaded:
            _load_file(Path(path))
    if wanted:
        os.environ[PLUGINS_VARIABLE] = os.pathsep.join(dict.fromkeys((*known, *wanted)))


def plugins_digest() -> str:
    """First 12 hexadecimal digits of a SHA-256 over the loaded plug-in files; empty where there are none."""
    load_plugins()
    digests = sorted(filter(None, _loaded.values()))
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:12] if digests else ""


@cache  # the metadata of every installed package are read
def _entry_points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=ENTRY_POINTS))


def _load_file(path: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"Plug-in {path} cannot be read: {error.strerror or error}."
        raise ConfigError(message) from error
    name = f"nba_props_plugin_{path.stem}"
    spec = spec_from_file_location(name, path)
    if path.suffix != ".py" or spec is None or spec.loader is None:
        message = f"Plug-in {path} is not a Python file; give a file whose name ends in .py."
        raise ConfigError(message)
    module = module_from_spec(spec)
    sys.modules[name] = module  # pickles of what it defines find it by this name
    _loaded[str(path)] = hashlib.sha256(content).hexdigest()
    try:
        _run(f"plug-in {path}", lambda: spec.loader.exec_module(module))  # type: ignore[union-attr]
    except ConfigError:
        del _loaded[str(path)], sys.modules[name]
        raise


def _run(origin: str, action: Callable[[], object]) -> None:
    try:
        action()
    except ConfigError:
        raise
    except Exception as error:
        message = f"The {origin} raised {type(error).__name__}: {error}"
        raise ConfigError(message) from error
