"""The life of a registered model: rules of moves, records, views and live checks."""
