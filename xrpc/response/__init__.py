"""Answers of methods: JSON, streams, ranges, refusals."""
