"""`make network`: beside `make run`, a real app view and Ozone; their programs: deploy/network.

For a sandbox: they listen on loopback alone, and their identities are known to its own PLC
directory. `packages` fetches their programs, `programs` starts them, `run` looks after all.
"""
