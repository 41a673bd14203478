"""A second opinion on repos and firehoses: none of our codecs, trees or keys, held by contract.

What `protocol/` writes is read here by cbor2, multiformats and cryptography, and trees are walked
and made by code of its own, so that an error in one of the two is not an error in both. For
operators, not for requests: it is some fifty times slower.
"""
