"""Grove beside the reference PDS: the same scenarios, in turns, with every answer checked."""
