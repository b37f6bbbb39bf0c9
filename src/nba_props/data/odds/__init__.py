"""Prop odds: loaded, kept as snapshots, and joined to the games they are settled on."""
