"""Bodies of requests and answers on their way, in bounded memory, at the pace of the client."""
