"""TCP connections and what they speak: HTTP/1.1 and WebSockets, within limits."""
