"""Repos: records, MST nodes, blobs, commits, events, the firehose."""
