"""OAuth sessions: a code becomes one, a refresh token continues it, revocation ends it.

Source: RFC 6749 sections 4.1.3 and 6, RFC 7009, atproto.com/specs/oauth.

    presenters   who presents a code or token, and whether a session is theirs
    lifetimes    how long sessions last
    rows         what the hot ways ask of Postgres, prepared
    answers      the tokens of a session, as clients are told them
    exchange     the first tokens, for a code
    refreshing   the next tokens, for a refresh token
    ending       revocation, keys that a client withdrew, the sweep

By which refresh token a session goes on:

    the newest                                       -> the next one
    the one before it, within REFRESH_GRACE          -> the same next one: an answer got lost
    any older one, or one shown by another DPoP key  -> it was copied: the session ends
    one that the host did not make                   -> refused, and nothing else

Refreshes of a session are serialised by its row. Permission sets are looked up before any lock, and
a fault in that ends nothing.
"""
