"""Measurements of the house, each run as `python -m bench.<name>`."""
