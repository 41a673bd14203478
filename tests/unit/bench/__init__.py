"""Tests of the benchmarks: that they run at all, and leave no method out."""
