"""Background work: the worker and the schedule of what is periodic."""
