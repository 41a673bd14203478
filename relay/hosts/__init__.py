"""Hosts of the relay: listed, admitted, allowed more or less, banned."""
