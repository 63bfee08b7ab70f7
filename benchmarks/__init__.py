"""Measurements of the comparison: revisions of known truth, scores, and peers beside our engine."""
