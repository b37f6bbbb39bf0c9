"""Reports on many runs: what stands in them, the week, and Markdown or HTML."""
