"""Request and response bodies, streamed in bounded memory at the client's speed."""
