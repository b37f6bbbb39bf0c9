"""What is logged and how it becomes few requests: items, sink, runs, models, data sets."""
