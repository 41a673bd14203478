"""JSON streams for applications: a firehose as JSON, filtered, in the shapes of jetstream.

Reading order: `encoding` (an event as JSON, written once a process), `filters` (what a subscriber
wants), `sources` (whose events, and where a moment lies among them), `subscriptions` (what one
subscriber gets), `compression`. The sockets are xrpc.streams.json_consumers'.
"""
