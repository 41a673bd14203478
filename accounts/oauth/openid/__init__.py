"""OpenID Connect: people and staff of a tenant sign in by what the tenant has already.

Source: OpenID Connect Core 1.0, Discovery 1.0; RFC 7636 (PKCE), RFC 9207 (issuer), RFC 8176 (amr).
Code flow alone, with state, nonce and PKCE; nothing is stored between the way there and back.

    refusals     what a provider, or somebody who comes from there, is told
    discovery    a provider's metadata and keys, remembered for an hour
    id_tokens    ID tokens, held against all that they have to say
    people       who somebody is, out of the claims that the tenant named
    flows        there and back: `begin`, `finish`, and the proof that a browser keeps meanwhile
    identities   which account somebody's identity opens: linked, unlinked, frozen, thawed
    admission    the account of somebody who comes for the first time
    staff        the member of staff that an identity is
    checks       what is wrong with a provider's settings, a line each
"""
