"""The provider's story, without a page: by the REST API alone, and by the command line alone."""
