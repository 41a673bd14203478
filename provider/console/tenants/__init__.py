"""Platform staff's pages: all tenants, and one of them."""
