"""What you said: repos, records, MST nodes, blobs, commits, events, the firehose."""
