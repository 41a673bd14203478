"""Blob fetching: blobs of accounts that moved in, brought in the background from their old host.

Source: atproto.com/guides/account-migration: the owner's client copies the blobs that
listMissingBlobs names; while it does, or should it stop, a worker asks the old host's getBlob for
the same ones. Who comes first does not matter. `queue` keeps what is to be done, `worker` does it,
`old_host` asks.
"""
