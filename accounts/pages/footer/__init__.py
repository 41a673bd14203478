"""What the foot of every page leads to: the guide, and the switch of languages."""
