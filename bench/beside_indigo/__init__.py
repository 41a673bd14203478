"""Our relay and indigo's beside each other, fed with the same hosts in one run."""
