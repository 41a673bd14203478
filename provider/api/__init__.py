"""The REST API of the provider and its tenants, at `/api/v1/` of every host.

Ordinary Django REST framework: a view set for each resource, declared in `urls`; `base` holds what
all share (tokens, scopes, paging, idempotency keys, limits, errors as XRPC has them).
"""
