"""Lexicons published on the network: found, verified, kept, and used to check records.

Source: atproto.com/specs/lexicon, "Lexicon Publication and Resolution". Nothing here waits for the
network while somebody writes: the first record of an unknown collection is stored unchecked and
makes its NSID wanted; a worker resolves it, and later records are checked.

    resolving.resolve(nsid) -> Lexicon         from what is kept, else from the network now
    resolving.resolve_wanted()                 the worker's verb
    permission_sets.resolve(host, nsid)        for apps that ask for `include:` of one
    record_types.find(collection) -> KnownType or None      for the write path
    known.accept_claim(nsid)                   staff: the NSID's domain names another DID for good
"""
