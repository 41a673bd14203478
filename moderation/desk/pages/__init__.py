"""Pages of the desk for everybody: report something on this host."""
