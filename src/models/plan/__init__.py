"""The plan: recipes as TOML files, their runs side by side, and the studies that answer a question."""
