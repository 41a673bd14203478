"""Where repos stand: heads, tree nodes, revisions, frozen views for long reads."""
