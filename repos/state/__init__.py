"""The state of repos: heads, tree nodes, revisions, snapshots for long reads."""
