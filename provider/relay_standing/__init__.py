"""How hosts stand with relays: whether they are read, throttled, and how near their allowance is.

A relay gives a host so many accounts and so many events an hour and a day; accounts that were
deleted never give theirs back, and a host of which the relay drops accounts still counts as active.
`asking` asks a relay, `warnings` says what is amiss, `checks` does both in turns and tells who
wants to know, `announcing` tells a relay again of every account.
"""
