"""Indigo's relay reads Grove's hosts, in a network of its own: names, public addresses, TLS."""
