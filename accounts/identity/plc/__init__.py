"""PLC operations: made, submitted to the directory, rebuilt when another was first."""
