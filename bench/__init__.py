"""Figures of the whole county: `python -m bench`. Never part of the tests; ratios travel, seconds do not."""
