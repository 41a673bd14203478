"""What only the provider and its tenants' owners do: tenants, hosts, their domains and settings.

Each verb is a function here; `manage.py tenant`, `host`, `domain` and `apply` are ways to call it.
"""
