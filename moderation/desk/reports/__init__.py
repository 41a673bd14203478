"""Reports to the host's own moderation service, and the evidence kept with them."""
