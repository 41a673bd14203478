"""Many tenants and accounts in one database, and what pages, lists, sweeps and names cost then."""
