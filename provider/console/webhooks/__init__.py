"""Webhooks on the console: a tenant's for its owner, the platform's for platform staff."""
