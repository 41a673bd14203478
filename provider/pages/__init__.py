"""Public pages of a host that the provider answers for."""
