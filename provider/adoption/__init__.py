"""Adoption of another PDS's data directory: its accounts live on here, under the same host name.

`reference_directory` reads the directory of the reference PDS (`@atproto/pds`), `adopting` makes a
host of it.
"""
