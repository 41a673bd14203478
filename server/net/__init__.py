"""The network: HTTP and DNS within bounds, and whose network an address is in."""
