"""Where the tracking store is, and how it is opened, served and brought over from an older MLflow."""
