"""Pages for a host's people: inviting them, one by one or from a list, and the list of all."""
