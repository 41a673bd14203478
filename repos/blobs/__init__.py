"""Blobs: uploaded, scanned, referred to by records, served, garbage-collected."""
