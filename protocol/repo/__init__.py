"""A repo as others check it: signed commits, proofs of a record, inverted operations."""
