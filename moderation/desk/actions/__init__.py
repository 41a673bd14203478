"""Actions that cases offer: their table, the way to take one, and many at once."""
