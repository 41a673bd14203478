"""Webhooks: what happens at a tenant's hosts, told to its own programs.

`events` writes a row for each address that wants to know, in the transaction of what happened;
`deliveries` tells them, again and again for two days; `addresses` makes, rotates and disables them.
"""
