"""The resources of the REST API: a view set each, in a module of its name."""
