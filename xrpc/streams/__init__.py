"""Event streams over WebSockets: consumers, encodings, routes."""
