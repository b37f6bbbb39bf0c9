"""Which code computed something: a short hash of the source of packages, for caches and for what is skipped."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def code_version(*packages: str) -> str:
    """First 12 hexadecimal digits of a SHA-256 over the Python and TOML files of `packages`, in order of their paths.

    Line endings do not matter; a changed comment does, which errs on the safe side.

    Raises:
        ModuleNotFoundError: There is no such package.
    """
    digest = hashlib.sha256()
    for package in packages:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            message = f"No package {package!r}."
            raise ModuleNotFoundError(message, name=package)
        root = Path(spec.submodule_search_locations[0])
        files = sorted(path for path in root.rglob("*") if path.suffix in {".py", ".toml"})
        for path in files:
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\n".encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
