"""Gates between a model and real money: single gates, profiles, and the report."""
