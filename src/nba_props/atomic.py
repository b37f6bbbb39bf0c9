"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


@contextmanager
def opened_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file to write to under a hidden name, which is synchronised and renamed at the end.

    A crash leaves the old file or none; an error in the block leaves the old one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid4().hex}.part")  # the target's own name may be as long as a name can be
    try:
        with unfinished.open("xb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    if os.name == "posix":  # make the new name last, too; only POSIX opens folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file; see `opened_atomically`."""
    with opened_atomically(path) as handle:
        handle.write(content)


def copy_files_atomically(source: Path, target: Path) -> None:
    """Copy every file below a folder to the same place below another; each as `opened_atomically` writes it."""
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        with file.open("rb") as read, opened_atomically(target / file.relative_to(source)) as written:
            shutil.copyfileobj(read, written)
