"""Is it skill or luck: resampling by night, significance, and rules chosen on earlier folds."""
