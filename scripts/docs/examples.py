"""Extension of the API reference: the `>>>` examples of docstrings are shown as code."""

from __future__ import annotations

import re
from typing import Any, Final

from griffe import Extension, Object

EXAMPLE: Final = re.compile(r"^( *)>>> .*(?:\n *\S.*)*", re.MULTILINE)
"""A line with the prompt and everything up to the next empty line."""


class Examples(Extension):  # type: ignore[misc]  # griffe is installed for the site only
    """Put each example between fences; Markdown would read its results as text and links."""

    def on_instance(self, *, obj: Object, **kwargs: Any) -> None:  # noqa: ANN401, ARG002 - griffe's own interface
        """Change the docstring of a module, class, function or attribute."""
        if obj.docstring and ">>>" in obj.docstring.value:
            obj.docstring.value = EXAMPLE.sub(r"\1```pycon\n\g<0>\n\1```", obj.docstring.value)
