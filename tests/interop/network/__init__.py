"""A network on a laptop: the story that fills `make network`, and the test that asserts it."""
