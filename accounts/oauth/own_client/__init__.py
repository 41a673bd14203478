"""OAuth client: this host as an app at another host's authorization server.

Somebody who lives at another host proves there who they are, instead of giving a password here.
Source: atproto.com/specs/oauth, RFC 9126 (pushed requests), 7636 (PKCE), 9449 (DPoP), 9207.

    servers         the authorization server of a host, and whether it will do
    documents       who we are: the client document of each host, and its key
    flows           there and back: `begin` -> a URL and a cookie's value, `finish` -> a session
    sessions        what came of it: requests to that host with DPoP, renewal, revocation
    wrapped_values  what a cookie holds meanwhile
    keys            signed tokens: proofs and assertions
    refusals        what other servers did wrong, in words

A page declares a purpose once, with its way back and its scope, and uses it in two views:

    PURPOSE = flows.purpose("move-in", "/account/move-in/back", "atproto transition:generic")

    started = flows.begin(host, PURPOSE, servers.find(origin), did, kept={...})
    session, kept = flows.finish(host, PURPOSE, cookie, request.GET)

The person's DID has to be resolved before, and `origin` to be the host that its document names:
that is what makes the server's word about the DID count. Nothing is stored: the cookie holds what
the way back needs, wrapped by the keyring, so that it ends in the browser where it began, once.
"""
