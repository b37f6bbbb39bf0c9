"""What a database says, in words."""

from __future__ import annotations

import re
from typing import Final

_ADVICE: Final = {
    "database or disk is full": "the disk is full. Free some space and run it again",
    "readonly database": "the database cannot be written. Check the permissions of the file and of its folder",
    "unable to open database file": "the database cannot be opened. Check that its folder exists and can be written",
    "no such table": "the database holds no MLflow store (any more). Was it deleted or replaced?",
    "database is locked": "another process holds the database. Wait for it and run it again",
    "disk image is malformed": "the database is damaged. Restore a backup",
    "disk I/O error": "the disk cannot be read or written. Is it full, or gone?",
}
_DRIVER: Final = re.compile(r"\((?:sqlite3|psycopg2)[\w.]*\)\s*")


def without_sql(text: str) -> str:
    r"""Return what a database says without statement and driver, and with what to do where that is known.

    >>> without_sql("(sqlite3.OperationalError) database or disk is full\n[SQL: INSERT INTO x]")
    'the disk is full. Free some space and run it again.'
    """
    for sign, advice in _ADVICE.items():
        if sign in text:
            return f"{advice}."
    return _DRIVER.sub("", text.split("[SQL:", 1)[0].split("(Background on this error", 1)[0]).strip()
