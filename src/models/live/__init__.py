"""From the Production model to tonight's card, settled tomorrow, watched, and rolled back when it gets worse."""
