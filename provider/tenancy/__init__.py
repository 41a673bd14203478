"""Tenants, their hosts, handle domains and settings: a function for each verb of the provider."""
