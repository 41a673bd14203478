"""Sign-in with OAuth: an authorization server for each host.

Source: atproto.com/specs/oauth (OAuth 2.1, RFC 9126 PAR, RFC 7636 PKCE, RFC 9449 DPoP, RFC 7523
client assertions, RFC 9207 `iss`, client identifiers that are URLs of a document). Decisions:
docs/decisions/0031. The way of a sign-in:

    clients/         who asks: documents fetched by client_id, keys, assertions, a tenant's rules
    dpop/            proofs of possession, nonces, each proof once
    requests         /oauth/par: a request is checked and kept
    devices          the browser that opens it, and who is signed in there
    scopes           what may be asked, what a granted scope comes to
    controllers      who acts for another account, with accounts.delegation
    consents         what an account granted to an app, and what it unticked
    opened_requests  a request in the browser that owns it, and the ways back to its app
    authorization    what the pages call: sign in, choose, decide or refuse
    tokens/          access tokens, which a request at XRPC shows, and refresh tokens
    sessions         /oauth/token and /oauth/revoke: a code is exchanged, a token refreshed, ended
    endpoints/       the HTTP of all but the pages (accounts.pages.oauth), and the documents by
                     which clients find it

Nothing of one host is known at another. Tokens are stateful: a session is its row, and whatever
removes the row has ended its tokens.
"""
