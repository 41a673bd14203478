"""Tenants and hosts: which one a request is for, how they are made, how their admin signs in."""
