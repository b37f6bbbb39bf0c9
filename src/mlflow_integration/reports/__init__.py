"""Reports on many runs: their sections, the week, and Markdown or HTML."""
