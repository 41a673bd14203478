"""Repo imports from a CAR file. Source: the lexicon com.atproto.repo.importRepo.

Reading order: `car_file` (a CAR arrives on disk, every CID checked), `staging` (what it makes of
the repo, worked out without a transaction), `announcing` (its one event), `rows` and `applying`
(the transaction), `importing` (the whole, repeated until it holds), `jobs` (large ones, in a
worker).
"""
