"""Proxying: calls that another service answers, for whom, as whom, with which headers.

Source: atproto.com/specs/xrpc "Service Proxying". `plans` says what to send, in a thread of the
bridge and never waiting for anybody; `relaying` sends it and brings the answer back, on the event
loop, so that a slow service holds no thread of ours.
"""
