"""The methods under the relay's host name: com.atproto.sync as relays answer it."""
